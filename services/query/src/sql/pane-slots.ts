import type { Statement } from './database';
import type { PaneRange } from './latency';

/** Panes of some services, by slots of time. */
export interface SlotQuery {
  readonly services: readonly string[];
  /** As stored. */
  readonly kinds: readonly string[];
  readonly byOperation: boolean;
  readonly range: PaneRange;
  /** Length of a slot, a multiple of the pane's. */
  readonly slot_s: number;
  readonly withBuckets: boolean;
  readonly rows_max: number;
}

/** The panes of one series in one slot, merged. */
export interface SlotRow {
  readonly service: string;
  /** Empty where operations are merged. */
  readonly operation: string;
  /** Number of the slot, from 0 at the beginning of the range. */
  readonly slot: number;
  readonly spans: number;
  readonly errors: number;
  readonly min_nano: number;
  readonly max_nano: number;
  /** Rising; empty where buckets were not asked for. */
  readonly indices: readonly number[];
  readonly counts: readonly number[];
}

/** Slots with spans, in order of service, operation and slot. */
export function paneSlotsStatement(query: SlotQuery): Statement {
  const { byOperation, withBuckets, range, services, kinds, slot_s, rows_max } = query;
  const buckets = withBuckets
    ? 'sumMap(pane.Buckets) AS buckets,\n  mapKeys(buckets) AS indices,\n  mapValues(buckets) AS counts'
    : '[] AS indices,\n  [] AS counts';
  return {
    name: 'pane-slots',
    sql: `SELECT
  pane.ServiceName AS service,
  ${byOperation ? 'pane.SpanName' : "''"} AS operation,
  intDiv(toUnixTimestamp(pane.PaneStart) - {start_s:UInt32}, {slot_s:UInt32}) AS slot,
  sum(pane.Count) AS spans,
  sum(pane.Errors) AS errors,
  min(pane.MinNano) AS min_nano,
  max(pane.MaxNano) AS max_nano,
  ${buckets}
FROM latency_panes AS pane
WHERE pane.ServiceName IN {services:Array(String)}
  AND pane.SpanKind IN {kinds:Array(String)}
  AND pane.PaneStart >= toDateTime({start_s:UInt32})
  AND pane.PaneStart < toDateTime({end_s:UInt32})
GROUP BY service, operation, slot
ORDER BY service, operation, slot
LIMIT {rows_max:UInt32}`,
    params: { services, kinds, slot_s, rows_max, ...range },
  };
}
