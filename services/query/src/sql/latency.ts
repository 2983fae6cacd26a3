import { SUMMARY_QUANTILES } from '@spanloom/sketch';
import type { Statement } from './database';

/** Which series; `kind` as stored. */
export interface SeriesFilter {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly kind?: string | undefined;
}

/** A row of {@link newestPaneStatement}. */
export interface NewestPaneRow {
  /** 0: there is no pane. */
  readonly panes: number;
  /** Start of the newest pane, s since 1970. */
  readonly start_s: number;
}

/** A row of {@link latencyStatement}: one series over the window, durations in ns. */
export interface LatencyRow {
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly spans: number;
  readonly errors: number;
  readonly sum_nano: number;
  readonly min_nano: number;
  readonly max_nano: number;
  /** In the order of SUMMARY_QUANTILES. */
  readonly quantiles_nano: readonly number[];
  readonly slowest_trace_id: string;
  readonly slowest_span_id: string;
}

const COLUMNS = [
  ['service', 'ServiceName'],
  ['operation', 'SpanName'],
  ['kind', 'SpanKind'],
] as const;

function conditionsOf(filter: SeriesFilter): {
  readonly conditions: readonly string[];
  readonly params: Readonly<Record<string, string>>;
} {
  const given = COLUMNS.filter(([name]) => filter[name] !== undefined);
  return {
    conditions: given.map(([name, column]) => `pane.${column} = {${name}:String}`),
    params: Object.fromEntries(given.map(([name]) => [name, filter[name] as string])),
  };
}

/** The newest pane of the series asked for. */
export function newestPaneStatement(filter: SeriesFilter): Statement {
  const { conditions, params } = conditionsOf(filter);
  return {
    name: 'newest-pane',
    sql: `SELECT count() AS panes, toUnixTimestamp(max(pane.PaneStart)) AS start_s FROM latency_panes AS pane
${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}\n`}LIMIT 1`,
    params,
  };
}

/**
 * Panes that start in [start_s, end_s), merged for each service, operation and kind; most spans first.
 * Stored rows are deltas, so everything is aggregated; the functions come with the table's migrations.
 */
export function latencyStatement(
  filter: SeriesFilter,
  window: { readonly start_s: number; readonly end_s: number },
  series_max: number,
): Statement {
  const { conditions, params } = conditionsOf(filter);
  const all = [
    'pane.PaneStart >= toDateTime({start_s:UInt32})',
    'pane.PaneStart < toDateTime({end_s:UInt32})',
    ...conditions,
  ];
  return {
    name: 'latency',
    sql: `SELECT
  pane.ServiceName AS service,
  pane.SpanName AS operation,
  pane.SpanKind AS kind,
  sum(pane.Count) AS spans,
  sum(pane.Errors) AS errors,
  sum(pane.SumNano) AS sum_nano,
  min(pane.MinNano) AS min_nano,
  max(pane.MaxNano) AS max_nano,
  latencyQuantiles([${SUMMARY_QUANTILES.join(', ')}], sumMap(pane.Buckets), min_nano, max_nano) AS quantiles_nano,
  max(pane.Exemplar).2 AS slowest_trace_id,
  max(pane.Exemplar).3 AS slowest_span_id
FROM latency_panes AS pane
WHERE ${all.join('\n  AND ')}
GROUP BY service, operation, kind
ORDER BY spans DESC, service, operation, kind
LIMIT {series_max:UInt32}`,
    params: { ...params, ...window, series_max },
  };
}
