import { SUMMARY_QUANTILES } from '@spanloom/sketch';
import { jaegerKindOf } from '../jaeger/kinds';
import type { LatencyRow, PaneRange } from '../sql/latency';

const NANO_PER_MS = 1e6;

/** `p50_ms` … `p99_9_ms`, in the order of SUMMARY_QUANTILES. */
const QUANTILE_NAMES = SUMMARY_QUANTILES.map(
  (q) => `p${String(Number((q * 100).toFixed(4))).replace('.', '_')}_ms`,
);

/** Rate, errors and durations of panes merged: `rate` in spans per second, `error_rate` 0 to 1, durations in ms. */
export function statisticsOf(row: LatencyRow, window_s: number): object {
  const quantiles = QUANTILE_NAMES.map((name, i) => [
    name,
    (row.quantiles_nano[i] as number) / NANO_PER_MS,
  ]);
  return {
    count: row.spans,
    rate: row.spans / window_s,
    errors: row.errors,
    error_rate: row.spans === 0 ? 0 : row.errors / row.spans,
    mean_ms: row.spans === 0 ? null : row.sum_nano / row.spans / NANO_PER_MS,
    min_ms: row.min_nano / NANO_PER_MS,
    ...Object.fromEntries(quantiles),
    max_ms: row.max_nano / NANO_PER_MS,
    slowest: { trace_id: row.slowest_trace_id, span_id: row.slowest_span_id },
  };
}

/** What a series is, of the dimensions that were asked for. */
export function identityOf({ service, operation, kind, status }: LatencyRow): object {
  return {
    ...(service === undefined ? {} : { service }),
    ...(operation === undefined ? {} : { operation }),
    ...(kind === undefined ? {} : { kind: jaegerKindOf(kind) }),
    ...(status === undefined ? {} : { status: status.toLowerCase() }),
  };
}

/** A range as it is answered. */
export function rangeOf({ start_s, end_s }: PaneRange): object {
  return {
    seconds: end_s - start_s,
    start: new Date(start_s * 1000).toISOString(),
    end: new Date(end_s * 1000).toISOString(),
  };
}

const number = { type: 'number' } as const;
const text = { type: 'string' } as const;

/** The description of {@link statisticsOf} and {@link identityOf}. */
export const SERIES_PROPERTIES = {
  service: text,
  operation: text,
  kind: text,
  status: text,
  count: { ...number, description: 'Spans, by adjusted counts' },
  rate: { ...number, description: 'Spans per second' },
  errors: { ...number, description: 'Spans with status Error' },
  error_rate: { ...number, description: 'errors / count, 0 to 1' },
  mean_ms: { ...number, nullable: true },
  min_ms: number,
  ...Object.fromEntries(
    QUANTILE_NAMES.map((name) => [
      name,
      { ...number, description: 'Of the nearest rank, within 1 %' },
    ]),
  ),
  max_ms: number,
  slowest: { type: 'object', properties: { trace_id: text, span_id: text } },
} as const;

/** The description of the time that an answer is of. */
export const WINDOW_PROPERTIES = {
  length: { ...text, description: 'As asked: 1m, 5m, 15m or 60m' },
  seconds: number,
  start: { ...text, format: 'date-time' },
  end: { ...text, format: 'date-time' },
  ends_with: {
    ...text,
    description: 'Why it ends there: at (as asked), newest-pane, or now (there is none)',
  },
} as const;
