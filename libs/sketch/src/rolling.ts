import type { LatencyPane } from './pane-batch';
import { PANE_S } from './pane-batch';
import { Sketch } from './sketch';

/** The rolling windows that are offered, seconds. */
export const ROLLING_WINDOWS_S = [60, 300, 900, 3600] as const;

/** The quantiles that every summary has. */
export const SUMMARY_QUANTILES = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999] as const;

/** Panes merged: durations in ns. */
export interface LatencySummary {
  readonly count: number;
  readonly errors: number;
  /** Spans per second over the window. */
  readonly ratePerS: number;
  readonly meanNano: number;
  readonly minNano: number;
  readonly maxNano: number;
  /** In the order of {@link SUMMARY_QUANTILES}; NaN when there was no span. */
  readonly quantilesNano: readonly number[];
  /** Of the slowest span, hex; empty when there was none. */
  readonly exemplarTraceId: string;
  readonly exemplarSpanId: string;
}

/**
 * The panes of the window that ends at `endS`: those that start in [endS − window_s, endS), with
 * the end drawn down to a multiple of 10 s, so that windows slide pane by pane.
 */
export function inWindow(pane: LatencyPane, endS: number, window_s: number): boolean {
  const end = endS - (endS % PANE_S);
  return pane.startS >= end - window_s && pane.startS < end;
}

/** Merges panes, deltas of one pane or of many, in any order. @param window_s for the rate */
export function summarize(panes: Iterable<LatencyPane>, window_s: number): LatencySummary {
  const sketch = new Sketch();
  let errors = 0;
  let slowest: LatencyPane | null = null;
  for (const pane of panes) {
    sketch.merge(pane);
    errors += pane.errors;
    if (slowest === null || pane.max > slowest.max) slowest = pane;
  }
  const count = sketch.count;
  return {
    count,
    errors,
    ratePerS: count / window_s,
    meanNano: count === 0 ? Number.NaN : sketch.sum / count,
    minNano: count === 0 ? Number.NaN : sketch.min,
    maxNano: count === 0 ? Number.NaN : sketch.max,
    quantilesNano: sketch.quantiles(SUMMARY_QUANTILES),
    exemplarTraceId: slowest?.exemplarTraceId ?? '',
    exemplarSpanId: slowest?.exemplarSpanId ?? '',
  };
}
