import { WINDOW } from './open-windows';
import { NONE } from './record-pool';
import type { WindowRules } from './rules';
import type { WindowState } from './state';
import { TRACE } from './trace-table';

/**
 * Where in the cut period a trace's boundaries lie: taken from its id, so that cuts spread out.
 * @param id0 the id's first four bytes, big-endian
 */
export function cutPhaseS(id0: number, rules: WindowRules): number {
  return (id0 >>> 8) % rules.cut_s;
}

/** The trace has a cut boundary at this second and its activity is old enough to be cut. */
export function isCut(state: WindowState, trace: number, atS: number, rules: WindowRules): boolean {
  const { words } = state.traces.pool;
  const activityStartS = words[trace + TRACE.activityStartS] as number;
  return (
    (atS - cutPhaseS(words[trace] as number, rules)) % rules.cut_s === 0 &&
    2 * (atS - activityStartS) >= rules.cut_s
  );
}

/** The next second after `clockS` at which something may happen to the trace. */
export function dueAfter(
  state: WindowState,
  trace: number,
  clockS: number,
  rules: WindowRules,
): number {
  const { words } = state.traces.pool;
  const lastS = words[trace + TRACE.lastS] as number;
  const window = words[trace + TRACE.window] as number;
  if (window === NONE) {
    const closedAtS = state.memory.lastClosedAtS(trace);
    const forgetS = closedAtS < 0 ? 0 : closedAtS + rules.memory_s;
    return Math.max(lastS + rules.gap_s, forgetS, clockS + 1);
  }
  const root = state.windows.pool.words[window + WINDOW.root] === 1;
  const quiet = lastS + (root ? Math.min(rules.grace_s, rules.gap_s) : rules.gap_s);
  const half = Math.ceil(rules.cut_s / 2);
  const earliest = Math.max(clockS + 1, (words[trace + TRACE.activityStartS] as number) + half);
  // No boundary can come before what is due anyway: the common case, without its division.
  if (earliest >= quiet) return Math.max(clockS + 1, quiet);
  const phase = cutPhaseS(words[trace] as number, rules);
  const cut = earliest + ((((phase - earliest) % rules.cut_s) + rules.cut_s) % rules.cut_s);
  return Math.max(clockS + 1, Math.min(quiet, cut));
}

/** Puts the trace into the wheel for when it is next due, unless it waits there for an earlier second. */
export function schedule(state: WindowState, trace: number, rules: WindowRules): void {
  const due = dueAfter(state, trace, state.clockS, rules);
  const { words } = state.traces.pool;
  const before = words[trace + TRACE.dueS] as number;
  if (before > state.clockS && before <= due) return;
  unschedule(state, trace);
  const next = state.wheel.get(due) ?? NONE;
  words[trace + TRACE.dueS] = due;
  words[trace + TRACE.wheelNext] = next;
  words[trace + TRACE.wheelPrevious] = NONE;
  if (next !== NONE) words[next + TRACE.wheelPrevious] = trace;
  state.wheel.set(due, trace);
}

/** Takes the trace out of the wheel. */
export function unschedule(state: WindowState, trace: number): void {
  const { words } = state.traces.pool;
  const due = words[trace + TRACE.dueS] as number;
  if (due === 0) return;
  const next = words[trace + TRACE.wheelNext] as number;
  const previous = words[trace + TRACE.wheelPrevious] as number;
  if (next !== NONE) words[next + TRACE.wheelPrevious] = previous;
  if (previous !== NONE) words[previous + TRACE.wheelNext] = next;
  else if (next !== NONE) state.wheel.set(due, next);
  else state.wheel.delete(due);
  words[trace + TRACE.dueS] = 0;
}

/** Empties the bucket of a second: its traces in the order of their ids, so that the order is in the log alone. */
export function takeDue(state: WindowState, atS: number): number[] {
  const { words } = state.traces.pool;
  const due: number[] = [];
  for (let trace = state.wheel.get(atS) ?? NONE; trace !== NONE; ) {
    due.push(trace);
    words[trace + TRACE.dueS] = 0;
    trace = words[trace + TRACE.wheelNext] as number;
  }
  state.wheel.delete(atS);
  return due.sort((a, b) => state.traces.compareIds(a, b));
}
