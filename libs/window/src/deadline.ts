import type { WindowRules } from './rules';
import type { TraceState, WindowState } from './state';

/** Where in the cut period a trace's boundaries lie: taken from its id, so that cuts spread out. */
export function cutPhaseS(key: string, rules: WindowRules): number {
  const head = key.charCodeAt(0) * 65536 + key.charCodeAt(1) * 256 + key.charCodeAt(2);
  return head % rules.cut_s;
}

/** The trace has a cut boundary at this second and its activity is old enough to be cut. */
export function isCut(trace: TraceState, atS: number, rules: WindowRules): boolean {
  return (
    (atS - cutPhaseS(trace.key, rules)) % rules.cut_s === 0 &&
    2 * (atS - trace.activityStartS) >= rules.cut_s
  );
}

/** The next second after `clockS` at which something may happen to the trace. */
export function dueAfter(trace: TraceState, clockS: number, rules: WindowRules): number {
  if (!trace.open) {
    const last = trace.closed[trace.closed.length - 1];
    const forget = last === undefined ? 0 : last.closedAtS + rules.memory_s;
    return Math.max(trace.lastS + rules.gap_s, forget, clockS + 1);
  }
  const quiet = trace.lastS + (trace.root ? Math.min(rules.grace_s, rules.gap_s) : rules.gap_s);
  const earliest = Math.max(clockS + 1, trace.activityStartS + Math.ceil(rules.cut_s / 2));
  const phase = cutPhaseS(trace.key, rules);
  const cut = earliest + ((((phase - earliest) % rules.cut_s) + rules.cut_s) % rules.cut_s);
  return Math.max(clockS + 1, Math.min(quiet, cut));
}

/** Puts the trace into the wheel for when it is next due, unless it waits there for an earlier second. */
export function schedule(state: WindowState, trace: TraceState, rules: WindowRules): void {
  const due = dueAfter(trace, state.clockS, rules);
  if (trace.dueS > state.clockS && trace.dueS <= due) return;
  trace.dueS = due;
  const bucket = state.wheel.get(due);
  if (bucket === undefined) state.wheel.set(due, [trace]);
  else bucket.push(trace);
}
