import type { SlotRow } from '../sql/pane-slots';
import { type SlidingWindow, slide } from './sliding';

/** What Jaeger's metrics API gives. */
export type MetricKind = 'latencies' | 'calls' | 'errors';

/** When points are, and over how long each looks back. */
export interface MetricTimes {
  /** Length of a slot, s. */
  readonly slot_s: number;
  /** Slots that each point looks back over. */
  readonly window_slots: number;
  readonly points: readonly {
    /** ms since 1970. */
    readonly at_ms: number;
    /** The window ends before the slot with this number. */
    readonly end_slot: number;
  }[];
}

/** What is asked of the panes. */
export interface MetricQuery {
  readonly kind: MetricKind;
  /** For latencies: 0 to 1. */
  readonly quantile: number;
  readonly byOperation: boolean;
  readonly times: MetricTimes;
}

/** A family in Jaeger's words (its proto `jaeger.api_v2.metrics.MetricFamily` as JSON). */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'GAUGE';
  readonly help: string;
  readonly metrics: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[];
    readonly metricPoints: readonly {
      readonly gaugeValue: { readonly doubleValue: number };
      readonly timestamp: string;
    }[];
  }[];
}

const NAMES: Readonly<Record<MetricKind, string>> = {
  latencies: 'latencies',
  calls: 'call_rate',
  errors: 'error_rate',
};

function helpOf({ kind, quantile, byOperation }: MetricQuery): string {
  const what = {
    latencies: `${quantile}th quantile latency`,
    calls: 'calls/sec',
    errors: 'error rate, computed as a fraction of errors/sec over calls/sec',
  };
  return `${what[kind]}, grouped by service${byOperation ? ' & operation' : ''}`;
}

/**
 * The points of each series. Latencies are ms, calls per second, errors a fraction of the calls; where a window
 * has no spans there is no latency and no fraction, and no point.
 *
 * @param rows in order of service, operation and slot
 */
export function metricFamily(rows: readonly SlotRow[], query: MetricQuery): MetricFamily {
  const { kind, byOperation } = query;
  return {
    name: `service_${byOperation ? 'operation_' : ''}${NAMES[kind]}`,
    type: 'GAUGE',
    help: helpOf(query),
    metrics: seriesIn(rows).map((slots) => ({
      labels: labelsOf(slots[0] as SlotRow, byOperation),
      metricPoints: pointsOf(slots, query),
    })),
  };
}

function labelsOf({ service, operation }: SlotRow, byOperation: boolean) {
  const named = { name: 'service_name', value: service };
  return byOperation ? [{ name: 'operation', value: operation }, named] : [named];
}

/** Rows of one service and operation follow each other. */
function seriesIn(rows: readonly SlotRow[]): readonly (readonly SlotRow[])[] {
  const series: SlotRow[][] = [];
  for (const row of rows) {
    const current = series.at(-1);
    const known = current?.[0];
    if (known?.service === row.service && known.operation === row.operation) current?.push(row);
    else series.push([row]);
  }
  return series;
}

function pointsOf(slots: readonly SlotRow[], { kind, quantile, times }: MetricQuery) {
  const window_s = times.window_slots * times.slot_s;
  const valueIn = (window: SlidingWindow): number | null => {
    if (kind === 'calls') return window.spans / window_s;
    if (window.spans === 0) return null;
    return kind === 'errors' ? window.errors / window.spans : window.quantile(quantile) / 1e6;
  };
  const ends = times.points.map(({ end_slot }) => end_slot);
  // Points closer together than slots are have the same windows.
  const different = ends.filter((end, i) => end !== ends[i - 1]);
  const values = new Map(
    slide(slots, times.window_slots, different, valueIn).map((value, i) => [different[i], value]),
  );
  return times.points.flatMap(({ at_ms, end_slot }) => {
    const value = values.get(end_slot) ?? null;
    if (value === null) return [];
    return [{ gaugeValue: { doubleValue: value }, timestamp: new Date(at_ms).toISOString() }];
  });
}
