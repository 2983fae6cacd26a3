import type { ChunkPool } from './chunk-pool';
import type { Stage, StageOwner } from './stage';
import { StageColumns, type StagedColumn } from './stage-columns';
import { Stream } from './stage-layout';

const TEXT = 'String';
const TEXTS = 'Array(String)';
const MAP = 'Map(String, String)';
const MAPS = 'Array(Map(String, String))';
const S = Stream;

const COLUMNS: readonly StagedColumn[] = [
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
];

/** Columns of `otel_traces` as {@link SpanColumns} sends them: that of the Avro layout, then our own. */
export const SPAN_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/** The values of `otel_traces`, column by column. */
export class SpanColumns extends StageColumns {
  constructor(chunks: ChunkPool, stage: Stage, owner: StageOwner) {
    super(chunks, stage, owner);
    this.nameAll(SPAN_COLUMNS, this.stageAll(COLUMNS));
  }
}
