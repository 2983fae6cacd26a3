import type { ChunkPool } from './chunk-pool';
import type { NativeColumn } from './native-block';
import { Ends, MapStreams, Stream } from './native-streams';

/** Columns of `otel_traces` as {@link SpanColumns} sends them: that of the Avro layout, then our own. */
export const SPAN_COLUMNS = [
  'TraceId',
  'SpanId',
  'ParentSpanId',
  'Timestamp',
  'Duration',
  'SpanKind',
  'StatusCode',
  'ServiceName',
  'SpanName',
  'TraceState',
  'Flags',
  'StatusMessage',
  'ScopeName',
  'ScopeVersion',
  'ResourceAttributes',
  'SpanAttributes',
  'Events.Timestamp',
  'Events.Name',
  'Events.Attributes',
  'Links.TraceId',
  'Links.SpanId',
  'Links.TraceState',
  'Links.Attributes',
  'Partition',
  'Seq',
  'StoredAt',
] as const;

const TEXT = 'String';
const TEXTS = 'Array(String)';
const MAP = 'Map(String, String)';
const MAPS = 'Array(Map(String, String))';

/** The values of `otel_traces`, column by column. */
export class SpanColumns {
  readonly traceId: Stream;
  readonly spanId: Stream;
  readonly parentSpanId: Stream;
  readonly start: Stream;
  readonly duration: Stream;
  readonly kind: Stream;
  readonly status: Stream;
  readonly service: Stream;
  readonly name: Stream;
  readonly traceState: Stream;
  readonly flags: Stream;
  readonly statusMessage: Stream;
  readonly scopeName: Stream;
  readonly scopeVersion: Stream;
  readonly resource: MapStreams;
  readonly attributes: MapStreams;
  /** Of the events of each span, as of its links: each of their columns has the same. */
  readonly eventEnds: Ends;
  readonly eventTimes: Stream;
  readonly eventNames: Stream;
  readonly eventAttributes: MapStreams;
  readonly linkEnds: Ends;
  readonly linkTraceIds: Stream;
  readonly linkSpanIds: Stream;
  readonly linkStates: Stream;
  readonly linkAttributes: MapStreams;
  /** The same for all spans of a fragment, so written when the block is taken. */
  readonly partition: Stream;
  readonly seq: Stream;
  readonly storedAt: Stream;

  /** All that a row is written to. */
  private readonly parts: readonly (Stream | Ends)[];
  private readonly columns: readonly NativeColumn[];

  constructor(chunks: ChunkPool) {
    const parts: (Stream | Ends)[] = [];
    const stream = (): Stream => keep(parts, new Stream(chunks));
    const ends = (): Ends => keep(parts, new Ends(chunks));
    const map = (): MapStreams => {
      const made = new MapStreams(chunks);
      parts.push(made.ends, made.keys, made.values);
      return made;
    };
    this.traceId = stream();
    this.spanId = stream();
    this.parentSpanId = stream();
    this.start = stream();
    this.duration = stream();
    this.kind = stream();
    this.status = stream();
    this.service = stream();
    this.name = stream();
    this.traceState = stream();
    this.flags = stream();
    this.statusMessage = stream();
    this.scopeName = stream();
    this.scopeVersion = stream();
    this.resource = map();
    this.attributes = map();
    this.eventEnds = ends();
    this.eventTimes = stream();
    this.eventNames = stream();
    this.eventAttributes = map();
    this.linkEnds = ends();
    this.linkTraceIds = stream();
    this.linkSpanIds = stream();
    this.linkStates = stream();
    this.linkAttributes = map();
    this.parts = parts;
    this.partition = new Stream(chunks);
    this.seq = new Stream(chunks);
    this.storedAt = new Stream(chunks);
    this.columns = this.named();
  }

  private named(): readonly NativeColumn[] {
    const events = this.eventEnds.stream;
    const links = this.linkEnds.stream;
    const shapes: readonly (readonly [type: string, streams: readonly Stream[]])[] = [
      [TEXT, [this.traceId]],
      [TEXT, [this.spanId]],
      [TEXT, [this.parentSpanId]],
      ['DateTime64(9)', [this.start]],
      ['UInt64', [this.duration]],
      [TEXT, [this.kind]],
      [TEXT, [this.status]],
      [TEXT, [this.service]],
      [TEXT, [this.name]],
      [TEXT, [this.traceState]],
      ['UInt32', [this.flags]],
      [TEXT, [this.statusMessage]],
      [TEXT, [this.scopeName]],
      [TEXT, [this.scopeVersion]],
      [MAP, this.resource.streams],
      [MAP, this.attributes.streams],
      ['Array(DateTime64(9))', [events, this.eventTimes]],
      [TEXTS, [events, this.eventNames]],
      [MAPS, [events, ...this.eventAttributes.streams]],
      [TEXTS, [links, this.linkTraceIds]],
      [TEXTS, [links, this.linkSpanIds]],
      [TEXTS, [links, this.linkStates]],
      [MAPS, [links, ...this.linkAttributes.streams]],
      ['UInt16', [this.partition]],
      ['UInt64', [this.seq]],
      ['DateTime', [this.storedAt]],
    ];
    return shapes.map(([type, streams], i) => ({ name: SPAN_COLUMNS[i] as string, type, streams }));
  }

  /** The columns in order. */
  all(): readonly NativeColumn[] {
    return this.columns;
  }

  /** Begins a row of which no stream should get more than so many bytes. */
  open(bytes: number): void {
    for (const part of this.parts) part.open(bytes);
  }

  /** Takes the row under way back, from every column. */
  undo(): void {
    for (const part of this.parts) part.undo();
  }

  /** Bytes of the rows without the columns that are the same for a whole fragment. */
  get byteCount(): number {
    let sum = 0;
    for (const part of this.parts)
      sum += part instanceof Ends ? part.stream.byteCount : part.byteCount;
    return sum;
  }

  reset(keepBytesMax?: number): void {
    for (const part of this.parts) part.reset(keepBytesMax);
    for (const own of [this.partition, this.seq, this.storedAt]) own.reset(keepBytesMax);
  }
}

function keep<T>(parts: (Stream | Ends | T)[], part: T): T {
  parts.push(part);
  return part;
}
