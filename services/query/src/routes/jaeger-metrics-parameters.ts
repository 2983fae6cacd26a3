import type { Clock } from '@spanloom/runtime';
import { PANE_S } from '@spanloom/sketch';
import { storedKindOf } from '../jaeger/kinds';
import type { MetricKind, MetricQuery, MetricTimes } from '../jaeger/metrics';
import type { PaneRange } from '../sql/latency';
import type { Parameters } from './parameters';

/** What Jaeger takes where nothing is said, ms. */
export const METRIC_DEFAULTS = { lookback: 3_600_000, step: 5_000, ratePer: 600_000 } as const;

/** The end of ClickHouse's DateTime, in 2106. */
const TIME_MS_MAX = 4_294_967_295_000;
const LENGTH_MS_MAX = 366 * 86_400_000;
/** Points of one series, as many as Prometheus gives. */
const POINTS_MAX = 11_000;
const SERVICES_MAX = 100;

/** A request for metrics. */
export interface MetricRequest extends MetricQuery {
  readonly services: readonly string[];
  /** As stored. */
  readonly kinds: readonly string[];
  /** All panes that any point looks back to. */
  readonly range: PaneRange;
}

/** Reads the parameters of `/api/metrics/*`; what is wrong is in `parameters.problems`. */
export function metricRequestOf(
  parameters: Parameters,
  kind: MetricKind,
  clock: Clock,
): MetricRequest {
  const services = parameters.all('service');
  if (services.length === 0) parameters.problem('service is missing: name one of /api/services');
  if (services.length > SERVICES_MAX) {
    parameters.problem(`service is given more than ${SERVICES_MAX} times: give fewer`);
  }
  const end_ms = parameters.int('endTs', { default: clock.nowMs(), min: 0, max: TIME_MS_MAX });
  const length = (name: keyof typeof METRIC_DEFAULTS): number =>
    parameters.int(name, { default: METRIC_DEFAULTS[name], min: 1, max: LENGTH_MS_MAX });
  const asked = { end_ms, lookback_ms: length('lookback'), step_ms: length('step') };
  if (asked.lookback_ms / asked.step_ms >= POINTS_MAX) {
    parameters.problem(`that is more than ${POINTS_MAX} points: make step longer`);
  }
  const ratePer_ms = length('ratePer');
  return {
    kind,
    services,
    kinds: kindsOf(parameters),
    quantile: kind === 'latencies' ? quantileOf(parameters) : 0,
    byOperation: flagOf(parameters, 'groupByOperation'),
    ...(parameters.problems.length > 0 ? NO_TIMES : timesOf({ ...asked, ratePer_ms })),
  };
}

/** What stands where something is wrong: it is not used. */
const NO_TIMES = {
  times: { slot_s: PANE_S, window_slots: 1, points: [] },
  range: { start_s: 0, end_s: 0 },
} as const;

/**
 * Points at end − k · step over the lookback. Windows are whole panes: each ends with the last pane that has begun
 * and ended before the point, and is as long as ratePer to the nearest pane. Slots are as long as steps and
 * windows allow.
 */
export function timesOf(asked: {
  readonly end_ms: number;
  readonly lookback_ms: number;
  readonly step_ms: number;
  readonly ratePer_ms: number;
}): { readonly times: MetricTimes; readonly range: PaneRange } {
  const { end_ms, lookback_ms, step_ms, ratePer_ms } = asked;
  const step_panes = step_ms / (PANE_S * 1000);
  const window_panes = Math.max(1, Math.round(ratePer_ms / (PANE_S * 1000)));
  const slot_panes = Number.isInteger(step_panes) ? gcd(step_panes, window_panes) : 1;
  const slot_s = slot_panes * PANE_S;
  const window_slots = window_panes / slot_panes;

  const last_s = Math.floor(end_ms / 1000);
  const end_s = last_s - (last_s % PANE_S);
  const count = Math.floor(lookback_ms / step_ms) + 1;
  const slots = Math.min(
    Math.floor(end_s / slot_s),
    Math.ceil(lookback_ms / 1000 / slot_s) + window_slots,
  );
  const start_s = end_s - slots * slot_s;
  const points = Array.from({ length: count }, (_, k) => {
    const at_ms = end_ms - (count - 1 - k) * step_ms;
    return { at_ms, end_slot: Math.floor((at_ms / 1000 - start_s) / slot_s) };
  });
  return { times: { slot_s, window_slots, points }, range: { start_s, end_s } };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function quantileOf(parameters: Parameters): number {
  const text = parameters.text('quantile');
  const quantile = /^\d?(?:\.\d{1,9})?$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (text !== undefined && quantile >= 0 && quantile <= 1) return quantile;
  parameters.problem('quantile should be a number from 0 to 1, such as 0.95');
  return 0;
}

function flagOf(parameters: Parameters, name: string): boolean {
  const text = parameters.text(name) ?? 'false';
  if (!/^(?:true|false|0|1|t|f)$/i.test(text))
    parameters.problem(`${name} should be true or false`);
  return /^(?:true|1|t)$/i.test(text);
}

/** Kinds as the service knows them (`server`) or as the enum of OpenTelemetry does (`SPAN_KIND_SERVER`). */
function kindsOf(parameters: Parameters): readonly string[] {
  const given = parameters.all('spanKind');
  const words = given.length === 0 ? ['server'] : given;
  return words.flatMap((word) => {
    const kind = storedKindOf(word.replace(/^SPAN_KIND_/i, ''));
    if (kind === null) parameters.problem('spanKind should be a kind such as server or client');
    return kind ?? [];
  });
}
