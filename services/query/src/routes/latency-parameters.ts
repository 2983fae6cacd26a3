import type { Dimension, SeriesFilter } from '../sql/latency';
import type { Parameters } from './parameters';
import { dimensionsOf, filterOf, timeOf, type WindowLength, windowOf } from './series-parameters';

/** Series in one answer. */
export const SERIES_LIMITS = { default: 1_000, min: 1, max: 10_000 } as const;

/** A request for latencies. */
export interface LatencyRequest {
  readonly filter: SeriesFilter;
  readonly by: readonly Dimension[];
  readonly window: WindowLength;
  /** End of the window as asked, s since 1970. */
  readonly at_s: number | undefined;
  readonly series_max: number;
}

/** Reads the parameters of `/api/latency`; what is wrong is in `parameters.problems`. */
export function latencyRequestOf(parameters: Parameters): LatencyRequest {
  return {
    window: windowOf(parameters),
    at_s: timeOf(parameters, 'at'),
    filter: filterOf(parameters),
    by: dimensionsOf(parameters),
    series_max: parameters.int('limit', SERIES_LIMITS),
  };
}
