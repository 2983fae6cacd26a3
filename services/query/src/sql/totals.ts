import { OVERFLOW_NAME } from '@spanloom/sketch';
import type { Statement } from './database';

/** Bounds of what is exposed. */
export interface TotalsLimits {
  readonly series_max: number;
  readonly series_per_service_max: number;
  readonly edges_max: number;
}

/** What a series has counted since it was first stored. Names and `kind`, `status` as stored. */
export interface SeriesTotalRow {
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly status: string;
  /** How many series are in this row because they did not find a place of their own. */
  readonly folded: number;
  readonly spans: number;
  readonly sum_nano: number;
  readonly indices: readonly number[];
  readonly counts: readonly number[];
  /** Start of the newest pane, s since 1970, and its slowest span. */
  readonly exemplar_s: number;
  readonly exemplar_nano: number;
  readonly exemplar_trace_id: string;
  readonly exemplar_span_id: string;
}

/** What an edge of the service graph has counted since it was first stored; buckets as both sides saw the calls. */
export interface EdgeTotalRow {
  readonly client: string;
  readonly server: string;
  readonly type: string;
  readonly folded: number;
  readonly calls: number;
  readonly failed: number;
  readonly client_nano: number;
  readonly server_nano: number;
  readonly client_indices: readonly number[];
  readonly client_counts: readonly number[];
  readonly server_indices: readonly number[];
  readonly server_counts: readonly number[];
}

/** Row by row what the table's TTL does when it merges. */
const ALIVE = 'LastSeenAt >= now() - INTERVAL 7 DAY';

/**
 * Totals of all series. The first series_per_service_max of each service, and of those the first series_max in
 * order of first storing, have their own rows; whoever comes later is added to `other`. So a series that is shown
 * is not put out of its place by a new one, and no total goes down.
 */
export function seriesTotalsStatement(limits: TotalsLimits): Statement {
  const { series_max, series_per_service_max } = limits;
  // Each service shown may have an "other" of each of 18 kinds and statuses.
  const rows_max = series_max * 19 + 18;
  return {
    name: 'series-totals',
    sql: `WITH shown AS (
  SELECT ServiceName, SpanName, SpanKind, StatusCode
  FROM latency_totals
  WHERE ${ALIVE}
  GROUP BY ServiceName, SpanName, SpanKind, StatusCode
  ORDER BY min(FirstSeenAt), ServiceName, SpanName, SpanKind, StatusCode
  LIMIT {series_per_service_max:UInt32} BY ServiceName
  LIMIT {series_max:UInt32}
)
SELECT
  if(total.ServiceName IN (SELECT ServiceName FROM shown), total.ServiceName, {other:String}) AS service,
  if((total.ServiceName, total.SpanName, total.SpanKind, total.StatusCode) IN shown, total.SpanName, {other:String}) AS operation,
  total.SpanKind AS kind,
  total.StatusCode AS status,
  uniqExactIf((total.ServiceName, total.SpanName), (total.ServiceName, total.SpanName, total.SpanKind, total.StatusCode) NOT IN shown) AS folded,
  sum(total.Count) AS spans,
  sum(total.SumNano) AS sum_nano,
  sumMap(total.Buckets) AS buckets,
  mapKeys(buckets) AS indices,
  mapValues(buckets) AS counts,
  max(total.Exemplar) AS exemplar,
  toUnixTimestamp(exemplar.1) AS exemplar_s,
  exemplar.2 AS exemplar_nano,
  exemplar.3 AS exemplar_trace_id,
  exemplar.4 AS exemplar_span_id
FROM latency_totals AS total
WHERE ${ALIVE}
GROUP BY service, operation, kind, status
ORDER BY service, operation, kind, status
LIMIT {rows_max:UInt32}`,
    params: { series_max, series_per_service_max, other: OVERFLOW_NAME, rows_max },
  };
}

/** Totals of all edges, the unpaired among them; bounded as {@link seriesTotalsStatement} is. */
export function edgeTotalsStatement({ edges_max }: TotalsLimits): Statement {
  return {
    name: 'edge-totals',
    sql: `WITH shown AS (
  SELECT Client, Server, ConnectionType
  FROM service_edge_totals
  WHERE ${ALIVE}
  GROUP BY Client, Server, ConnectionType
  ORDER BY min(FirstSeenAt), Client, Server, ConnectionType
  LIMIT {edges_max:UInt32}
)
SELECT
  if((total.Client, total.Server, total.ConnectionType) IN shown, total.Client, {other:String}) AS client,
  if((total.Client, total.Server, total.ConnectionType) IN shown, total.Server, {other:String}) AS server,
  total.ConnectionType AS type,
  uniqExactIf((total.Client, total.Server), (total.Client, total.Server, total.ConnectionType) NOT IN shown) AS folded,
  sum(total.Calls) AS calls,
  sum(total.Failed) AS failed,
  sum(total.ClientNano) AS client_nano,
  sum(total.ServerNano) AS server_nano,
  sumMap(total.ClientBuckets) AS client_buckets,
  sumMap(total.ServerBuckets) AS server_buckets,
  mapKeys(client_buckets) AS client_indices,
  mapValues(client_buckets) AS client_counts,
  mapKeys(server_buckets) AS server_indices,
  mapValues(server_buckets) AS server_counts
FROM service_edge_totals AS total
WHERE ${ALIVE}
GROUP BY client, server, type
ORDER BY client, server, type
LIMIT {rows_max:UInt32}`,
    // One "other" for each type of connection.
    params: { edges_max, other: OVERFLOW_NAME, rows_max: edges_max + 8 },
  };
}
