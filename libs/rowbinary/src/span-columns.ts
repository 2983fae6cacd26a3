import type { ByteWriter } from './byte-writer';
import type { ChunkPool } from './chunk-pool';
import type { NativeColumn } from './native-block';
import { createStream, Ends, MapStreams } from './native-streams';

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
  readonly traceId: ByteWriter;
  readonly spanId: ByteWriter;
  readonly parentSpanId: ByteWriter;
  readonly start: ByteWriter;
  readonly duration: ByteWriter;
  readonly kind: ByteWriter;
  readonly status: ByteWriter;
  readonly service: ByteWriter;
  readonly name: ByteWriter;
  readonly traceState: ByteWriter;
  readonly flags: ByteWriter;
  readonly statusMessage: ByteWriter;
  readonly scopeName: ByteWriter;
  readonly scopeVersion: ByteWriter;
  readonly resource: MapStreams;
  readonly attributes: MapStreams;
  /** Of the events of each span, as of its links: each of their columns has the same. */
  readonly eventEnds: Ends;
  readonly eventTimes: ByteWriter;
  readonly eventNames: ByteWriter;
  readonly eventAttributes: MapStreams;
  readonly linkEnds: Ends;
  readonly linkTraceIds: ByteWriter;
  readonly linkSpanIds: ByteWriter;
  readonly linkStates: ByteWriter;
  readonly linkAttributes: MapStreams;
  readonly partition: ByteWriter;
  readonly seq: ByteWriter;
  readonly storedAt: ByteWriter;

  /** All that a row is written to. */
  private readonly parts: readonly (ByteWriter | Ends)[];
  private readonly columns: readonly NativeColumn[];

  constructor(chunks: ChunkPool) {
    const parts: (ByteWriter | Ends)[] = [];
    const stream = (): ByteWriter => keep(parts, createStream(chunks));
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
    this.partition = stream();
    this.seq = stream();
    this.storedAt = stream();
    this.parts = parts;
    this.columns = this.named();
  }

  private named(): readonly NativeColumn[] {
    const events = this.eventEnds.stream;
    const links = this.linkEnds.stream;
    const shapes: readonly (readonly [type: string, streams: readonly ByteWriter[]])[] = [
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

  /** Bytes of all rows. */
  get byteCount(): number {
    let sum = 0;
    for (const part of this.parts)
      sum += part instanceof Ends ? part.stream.byteCount : part.byteCount;
    return sum;
  }

  reset(keepBytesMax?: number): void {
    for (const part of this.parts) part.reset(keepBytesMax);
  }
}

function keep<T>(parts: (ByteWriter | Ends | T)[], part: T): T {
  parts.push(part);
  return part;
}
