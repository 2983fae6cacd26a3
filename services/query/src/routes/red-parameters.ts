import { PANE_S } from '@spanloom/sketch';
import type { Dimension, PaneRange, SeriesFilter } from '../sql/latency';
import type { Parameters } from './parameters';
import {
  dimensionsOf,
  filterOf,
  paneStart,
  timeOf,
  type WindowLength,
  windowOf,
} from './series-parameters';

/** Series in one answer. */
export const RED_LIMITS = { default: 100, min: 1, max: 1_000 } as const;
/** Steps of one answer, and points of all its series. */
const STEPS_MAX = 2_000;
const POINTS_MAX = 100_000;
const NANO_PER_S = 1_000_000_000n;

/** A request for rate, errors and duration. */
export interface RedRequest {
  readonly filter: SeriesFilter;
  readonly by: readonly Dimension[];
  /** From when to when, in whole panes; or a window that ends at a time, or with the newest pane. */
  readonly over:
    | { readonly range: PaneRange }
    | { readonly window: WindowLength; readonly at_s: number | undefined };
  /** Null: without points. A multiple of the pane's length. */
  readonly step_s: number | null;
  readonly series_max: number;
}

/** Reads the parameters of `/api/red`; what is wrong is in `parameters.problems`. */
export function redRequestOf(parameters: Parameters): RedRequest {
  const series_max = parameters.int('limit', RED_LIMITS);
  const over = overOf(parameters);
  const step_s = stepOf(parameters);
  if (step_s !== null) checkPoints(parameters, over, step_s, series_max);
  return {
    filter: filterOf(parameters),
    by: dimensionsOf(parameters),
    over,
    step_s,
    series_max,
  };
}

function overOf(parameters: Parameters): RedRequest['over'] {
  const start_s = timeOf(parameters, 'start');
  const end_s = timeOf(parameters, 'end');
  const window = windowOf(parameters);
  const at_s = timeOf(parameters, 'at');
  const isGiven = (name: string): boolean => parameters.all(name).length > 0;
  if (!isGiven('start') && !isGiven('end')) return { window, at_s };
  if (!isGiven('start') || !isGiven('end') || isGiven('window') || isGiven('at')) {
    parameters.problem('give start and end, or window and at');
  }
  const range = { start_s: paneStart(start_s ?? 0), end_s: paneStart(end_s ?? 0) };
  const areTimes = start_s !== undefined && end_s !== undefined;
  if (areTimes && range.start_s >= range.end_s) {
    parameters.problem(`start should be before end, by ${PANE_S} s at least`);
  }
  return { range };
}

function stepOf(parameters: Parameters): number | null {
  const nano = parameters.duration('step');
  if (nano === undefined) return null;
  const pane_nano = BigInt(PANE_S) * NANO_PER_S;
  if (nano > 0n && nano % pane_nano === 0n) return Number(nano / NANO_PER_S);
  parameters.problem(`step should be a multiple of ${PANE_S}s`);
  return null;
}

function checkPoints(
  parameters: Parameters,
  over: RedRequest['over'],
  step_s: number,
  series_max: number,
): void {
  const length_s = 'range' in over ? over.range.end_s - over.range.start_s : over.window.seconds;
  const steps = Math.ceil(length_s / step_s);
  if (steps > STEPS_MAX) {
    parameters.problem(`that is ${steps} steps, and ${STEPS_MAX} are answered: make step longer`);
  } else if (steps * series_max > POINTS_MAX) {
    const points = `${steps} steps of up to ${series_max} series`;
    parameters.problem(
      `that is ${points}, and ${POINTS_MAX} points are answered: make step longer or limit less`,
    );
  }
}
