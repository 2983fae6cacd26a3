import { unixSecondsOf } from '@spanloom/model';
import type { SeriesFilter } from '../sql/latency';
import type { Parameters } from './parameters';

/** The rolling windows by name, in seconds: those of ROLLING_WINDOWS_S. */
export const WINDOWS = { '1m': 60, '5m': 300, '15m': 900, '60m': 3600 } as const;

/** Series in one answer. */
export const SERIES_LIMITS = { default: 1_000, min: 1, max: 10_000 } as const;

/** A request for latencies. */
export interface LatencyRequest {
  readonly filter: SeriesFilter;
  readonly window: { readonly name: string; readonly seconds: number };
  /** End of the window as asked, s since 1970. */
  readonly at_s: number | undefined;
  readonly series_max: number;
}

/** Reads the parameters of `/api/latency`; what is wrong is in `parameters.problems`. */
export function latencyRequestOf(parameters: Parameters): LatencyRequest {
  const name = parameters.text('window') ?? '5m';
  const seconds = Object.hasOwn(WINDOWS, name) ? WINDOWS[name as keyof typeof WINDOWS] : undefined;
  if (seconds === undefined) {
    parameters.problem(`window should be one of ${Object.keys(WINDOWS).join(', ')}`);
  }
  const at = parameters.text('at');
  const at_s = at === undefined ? undefined : unixSecondsOf(at);
  if (at_s === null) {
    parameters.problem('at should be a time such as 2024-05-01T10:00:00Z, or Unix time in s or ms');
  }
  return {
    filter: {
      service: parameters.text('service'),
      operation: parameters.text('operation'),
      kind: parameters.kind('kind'),
    },
    window: { name, seconds: seconds ?? 0 },
    at_s: at_s ?? undefined,
    series_max: parameters.int('limit', SERIES_LIMITS),
  };
}
