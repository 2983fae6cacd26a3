import { STORED_SPAN_COLUMNS } from '@spanloom/clickhouse';
import type { Statement } from './database';

/**
 * The spans of some traces, in the order of `traceIds` and of their starts.
 *
 * The table removes second copies of a span only when parts are merged, so they are dropped here, by
 * the identity of a span. FINAL would do the same, but reads every granule that shares a key range.
 *
 * @param traceIds 32 lower-case hex characters each
 * @param spans_max rows at most
 */
export function spansStatement(traceIds: readonly string[], spans_max: number): Statement {
  return {
    name: 'spans',
    sql: `SELECT ${STORED_SPAN_COLUMNS} FROM otel_traces
WHERE TraceId IN {ids:Array(String)}
ORDER BY indexOf({ids:Array(String)}, otel_traces.TraceId), otel_traces.Timestamp, otel_traces.SpanId, otel_traces.SpanKind
LIMIT 1 BY otel_traces.TraceId, otel_traces.SpanId, otel_traces.SpanKind
LIMIT {spans_max:UInt32}`,
    params: { ids: traceIds, spans_max },
  };
}
