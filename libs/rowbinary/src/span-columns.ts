import type { ByteWriter } from './byte-writer';
import type { ChunkPool } from './chunk-pool';
import { ColumnSet } from './column-set';
import type { NativeColumn } from './native-block';
import { SpanStream } from './span-layout';
import type { SpanStage, StageOwner } from './span-stage';

const TEXT = 'String';
const TEXTS = 'Array(String)';
const MAP = 'Map(String, String)';
const MAPS = 'Array(Map(String, String))';
const S = SpanStream;

/** Each column's name, the type that is sent, and the streams it is made of. */
const COLUMNS = [
  ['TraceId', TEXT, S.traceId],
  ['SpanId', TEXT, S.spanId],
  ['ParentSpanId', TEXT, S.parentSpanId],
  ['Timestamp', 'DateTime64(9)', S.start],
  ['Duration', 'UInt64', S.duration],
  ['SpanKind', TEXT, S.kind],
  ['StatusCode', TEXT, S.status],
  ['ServiceName', TEXT, S.service],
  ['SpanName', TEXT, S.name],
  ['TraceState', TEXT, S.traceState],
  ['Flags', 'UInt32', S.flags],
  ['StatusMessage', TEXT, S.statusMessage],
  ['ScopeName', TEXT, S.scopeName],
  ['ScopeVersion', TEXT, S.scopeVersion],
  ['ResourceAttributes', MAP, S.resourceEnds, S.resourceKeys, S.resourceValues],
  ['SpanAttributes', MAP, S.attributeEnds, S.attributeKeys, S.attributeValues],
  ['Events.Timestamp', 'Array(DateTime64(9))', S.eventEnds, S.eventTimes],
  ['Events.Name', TEXTS, S.eventEnds, S.eventNames],
  [
    'Events.Attributes',
    MAPS,
    S.eventEnds,
    S.eventAttributeEnds,
    S.eventAttributeKeys,
    S.eventAttributeValues,
  ],
  ['Links.TraceId', TEXTS, S.linkEnds, S.linkTraceIds],
  ['Links.SpanId', TEXTS, S.linkEnds, S.linkSpanIds],
  ['Links.TraceState', TEXTS, S.linkEnds, S.linkStates],
  [
    'Links.Attributes',
    MAPS,
    S.linkEnds,
    S.linkAttributeEnds,
    S.linkAttributeKeys,
    S.linkAttributeValues,
  ],
  ['Partition', 'UInt16', S.partition],
  ['Seq', 'UInt64', S.seq],
  ['StoredAt', 'DateTime', S.storedAt],
] as const;

/** Columns of `otel_traces` as {@link SpanColumns} sends them: that of the Avro layout, then our own. */
export const SPAN_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/** The values of `otel_traces`, column by column: as {@link SpanStage} makes them, which has the latest of them. */
export class SpanColumns extends ColumnSet implements StageOwner {
  readonly elements = new BigUint64Array(SpanStream.count);
  readonly writers = Array.from({ length: SpanStream.count }, () => this.stream());

  constructor(
    chunks: ChunkPool,
    private readonly stage: SpanStage,
  ) {
    super(chunks);
    const streamsOf = (numbers: readonly SpanStream[]) =>
      numbers.map((number) => this.writers[number] as ByteWriter);
    this.nameAll(
      SPAN_COLUMNS,
      COLUMNS.map(([, type, ...numbers]) => [type, streamsOf(numbers)]),
    );
  }

  override all(): readonly NativeColumn[] {
    this.stage.release(this);
    return super.all();
  }

  override get byteCount(): number {
    return super.byteCount + this.stage.byteCountOf(this);
  }

  override reset(keepBytesMax?: number): void {
    this.stage.forget(this);
    super.reset(keepBytesMax);
  }
}
