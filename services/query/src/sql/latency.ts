import { SUMMARY_QUANTILES } from '@spanloom/sketch';
import type { Statement } from './database';

/** What series can be told apart by, and the columns for it. */
const COLUMNS = {
  service: 'ServiceName',
  operation: 'SpanName',
  kind: 'SpanKind',
  status: 'StatusCode',
} as const;

export type Dimension = keyof typeof COLUMNS;
export const DIMENSIONS = Object.keys(COLUMNS) as readonly Dimension[];

/** Which series; `kind` and `status` as stored. */
export type SeriesFilter = { readonly [D in Dimension]?: string | undefined };

/** Panes that start in [start_s, end_s), s since 1970. */
export interface PaneRange {
  readonly start_s: number;
  readonly end_s: number;
}

/** Which series over which time. */
export interface SeriesQuery {
  readonly filter: SeriesFilter;
  /** What a series is: the others are merged. In the order of {@link DIMENSIONS}, one at least. */
  readonly by: readonly Dimension[];
  readonly range: PaneRange;
  /** So many series, most spans first. */
  readonly series_max: number;
}

/** A row of {@link newestPaneStatement}. */
export interface NewestPaneRow {
  /** 0: there is no pane. */
  readonly panes: number;
  /** Start of the newest pane, s since 1970. */
  readonly start_s: number;
}

/** Panes merged, durations in ns; of the dimensions those that were asked for. */
export interface LatencyRow {
  readonly service?: string;
  readonly operation?: string;
  readonly kind?: string;
  readonly status?: string;
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

/** The same in one step of the range. */
export interface LatencyPointRow extends LatencyRow {
  /** Number of the step, from 0. */
  readonly step: number;
}

const MEASURES = `sum(pane.Count) AS spans,
  sum(pane.Errors) AS errors,
  sum(pane.SumNano) AS sum_nano,
  min(pane.MinNano) AS min_nano,
  max(pane.MaxNano) AS max_nano,
  latencyQuantiles([${SUMMARY_QUANTILES.join(', ')}], sumMap(pane.Buckets), min_nano, max_nano) AS quantiles_nano,
  max(pane.Exemplar).2 AS slowest_trace_id,
  max(pane.Exemplar).3 AS slowest_span_id`;

const RANGE = [
  'pane.PaneStart >= toDateTime({start_s:UInt32})',
  'pane.PaneStart < toDateTime({end_s:UInt32})',
] as const;

function conditionsOf(filter: SeriesFilter): {
  readonly conditions: readonly string[];
  readonly params: Readonly<Record<string, string>>;
} {
  const given = DIMENSIONS.filter((name) => filter[name] !== undefined);
  return {
    conditions: given.map((name) => `pane.${COLUMNS[name]} = {${name}:String}`),
    params: Object.fromEntries(given.map((name) => [name, filter[name] as string])),
  };
}

const selected = (by: readonly Dimension[]): string =>
  by.map((name) => `pane.${COLUMNS[name]} AS ${name}`).join(',\n  ');

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
 * Which panes: those in the range of the series with most spans. Who that is is found without looking at buckets,
 * of which only those of these series are merged then.
 */
function whereOf({ filter, by, range, series_max }: SeriesQuery) {
  const { conditions, params } = conditionsOf(filter);
  const asked = [...RANGE, ...conditions].join('\n  AND ');
  const columns = by.map((name) => `pane.${COLUMNS[name]}`).join(', ');
  const where = `${asked}
  AND (${columns}) IN (
    SELECT ${columns} FROM latency_panes AS pane
    WHERE ${asked}
    GROUP BY ${columns}
    ORDER BY sum(pane.Count) DESC, ${columns}
    LIMIT {series_max:UInt32}
  )`;
  return { where, params: { ...params, ...range, series_max } };
}

/**
 * Panes of the range, merged for each series; most spans first.
 * Stored rows are deltas, so everything is aggregated; the functions come with the table's migrations.
 */
export function latencyStatement(query: SeriesQuery): Statement {
  const { by } = query;
  const { where, params } = whereOf(query);
  return {
    name: 'latency',
    sql: `SELECT
  ${selected(by)},
  ${MEASURES}
FROM latency_panes AS pane
WHERE ${where}
GROUP BY ${by.join(', ')}
ORDER BY spans DESC, ${by.join(', ')}
LIMIT {series_max:UInt32}`,
    params,
  };
}

/**
 * The same series in steps of `step_s` (a multiple of the pane's length) from the beginning of the range; steps
 * without spans have no row.
 * @param rows_max as many rows as series and steps can make
 */
export function latencyPointsStatement(
  query: SeriesQuery,
  step_s: number,
  rows_max: number,
): Statement {
  const { by } = query;
  const { where, params } = whereOf(query);
  return {
    name: 'latency-points',
    sql: `SELECT
  ${selected(by)},
  intDiv(toUnixTimestamp(pane.PaneStart) - {start_s:UInt32}, {step_s:UInt32}) AS step,
  ${MEASURES}
FROM latency_panes AS pane
WHERE ${where}
GROUP BY ${by.join(', ')}, step
ORDER BY ${by.join(', ')}, step
LIMIT {rows_max:UInt32}`,
    params: { ...params, step_s, rows_max },
  };
}
