import type { ByteWriter } from './byte-writer';
import type { ChunkPool } from './chunk-pool';
import { ColumnSet } from './column-set';
import type { Ends, MapStreams } from './native-streams';

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
export class SpanColumns extends ColumnSet {
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

  constructor(chunks: ChunkPool) {
    super(chunks);
    this.traceId = this.stream();
    this.spanId = this.stream();
    this.parentSpanId = this.stream();
    this.start = this.stream();
    this.duration = this.stream();
    this.kind = this.stream();
    this.status = this.stream();
    this.service = this.stream();
    this.name = this.stream();
    this.traceState = this.stream();
    this.flags = this.stream();
    this.statusMessage = this.stream();
    this.scopeName = this.stream();
    this.scopeVersion = this.stream();
    this.resource = this.map();
    this.attributes = this.map();
    this.eventEnds = this.ends();
    this.eventTimes = this.stream();
    this.eventNames = this.stream();
    this.eventAttributes = this.map();
    this.linkEnds = this.ends();
    this.linkTraceIds = this.stream();
    this.linkSpanIds = this.stream();
    this.linkStates = this.stream();
    this.linkAttributes = this.map();
    this.partition = this.stream();
    this.seq = this.stream();
    this.storedAt = this.stream();
    this.nameAll(SPAN_COLUMNS, this.shapes());
  }

  private shapes(): readonly (readonly [type: string, streams: readonly ByteWriter[]])[] {
    const events = this.eventEnds.stream;
    const links = this.linkEnds.stream;
    return [
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
  }
}
