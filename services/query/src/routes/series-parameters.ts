import { STATUS_CODE_NAMES, unixSecondsOf } from '@spanloom/model';
import { PANE_S } from '@spanloom/sketch';
import { KIND_WORDS } from '../jaeger/kinds';
import { DIMENSIONS, type Dimension, type SeriesFilter } from '../sql/latency';
import { parameter } from './jaeger-docs';
import type { Parameters } from './parameters';

/** The rolling windows by name, in seconds: those of ROLLING_WINDOWS_S. */
export const WINDOWS = { '1m': 60, '5m': 300, '15m': 900, '60m': 3600 } as const;

/** What series are told apart by, where nothing else is said. */
const BY_DEFAULT: readonly Dimension[] = ['service', 'operation', 'kind'];

const STATUS_WORDS = STATUS_CODE_NAMES.map((name) => name.toLowerCase());

/** How the parameters that choose series are described. */
export const SERIES_PARAMETERS = {
  service: parameter('string', 'Name of the service'),
  operation: parameter('string', 'Name of the operation, ids in it replaced by {id}'),
  kind: parameter('string', `One of ${KIND_WORDS.join(', ')}`),
  status: parameter('string', `One of ${STATUS_WORDS.join(', ')}`),
  by: parameter('string', `What makes a series: some of ${DIMENSIONS.join(',')}`, {
    default: BY_DEFAULT.join(','),
  }),
  window: parameter('string', `One of ${Object.keys(WINDOWS).join(', ')}`, { default: '5m' }),
  at: parameter('string', 'End of the window, RFC 3339 or Unix time; default: the newest pane'),
} as const;

/** Reads which series are asked for. */
export function filterOf(parameters: Parameters): SeriesFilter {
  return {
    service: parameters.text('service'),
    operation: parameters.text('operation'),
    kind: parameters.kind('kind'),
    status: statusOf(parameters),
  };
}

/** The status in the spelling that is stored. */
function statusOf(parameters: Parameters): string | undefined {
  const text = parameters.text('status');
  const code = text === undefined ? -1 : STATUS_WORDS.indexOf(text.toLowerCase());
  if (text !== undefined && code < 0) {
    parameters.problem(`status should be one of ${STATUS_WORDS.join(', ')}`);
  }
  return STATUS_CODE_NAMES[code];
}

/** Reads what makes a series, a list with commas; each once, in the order of DIMENSIONS. */
export function dimensionsOf(parameters: Parameters): readonly Dimension[] {
  const text = parameters.text('by');
  if (text === undefined) return BY_DEFAULT;
  const words = text.split(',').map((word) => word.trim());
  const found = DIMENSIONS.filter((name) => words.includes(name));
  if (found.length !== words.length) {
    parameters.problem(`by should be some of ${DIMENSIONS.join(',')}, each once, with commas`);
  }
  return found;
}

/** A rolling window. */
export interface WindowLength {
  readonly name: string;
  readonly seconds: number;
}

/** Reads the length of the window. */
export function windowOf(parameters: Parameters): WindowLength {
  const name = parameters.text('window') ?? '5m';
  const seconds = Object.hasOwn(WINDOWS, name) ? WINDOWS[name as keyof typeof WINDOWS] : undefined;
  if (seconds === undefined) {
    parameters.problem(`window should be one of ${Object.keys(WINDOWS).join(', ')}`);
  }
  return { name, seconds: seconds ?? 0 };
}

/** Reads a time, s since 1970; undefined when there is none or it is bad. */
export function timeOf(parameters: Parameters, name: string): number | undefined {
  const text = parameters.text(name);
  const seconds = text === undefined ? undefined : unixSecondsOf(text);
  if (seconds === null) {
    const accepts = 'a time such as 2024-05-01T10:00:00Z, or Unix time in s or ms';
    parameters.problem(`${name} should be ${accepts}`);
  }
  return seconds ?? undefined;
}

/** The beginning of the pane that a time is in. */
export function paneStart(time_s: number): number {
  return time_s - (time_s % PANE_S);
}
