import type { CLOSE_REASONS } from '@spanloom/avro';
import type { WindowRules } from '../src';

/** One span of a random log: append second, trace, span, root. */
export interface LogSpan {
  readonly timeS: number;
  readonly trace: number;
  readonly span: number;
  readonly root: boolean;
}

/** What a closed window must look like. */
export interface NaiveFragment {
  readonly closedAtS: number;
  readonly trace: number;
  readonly reason: string;
  readonly late: boolean;
  readonly kept: readonly number[];
  readonly duplicates: number;
}

interface NaiveTrace {
  start: number;
  last: number;
  arrived: number[];
  root: boolean;
  closed: { at: number; ids: Set<number> }[];
  finished: boolean;
}

/**
 * The window rules once more, as plainly as they can be said: every trace is looked at in every
 * second, nothing is scheduled, nothing is forgotten early. The reducer is held to it.
 */
export function naiveFragments(
  log: readonly LogSpan[],
  untilS: number,
  rules: WindowRules,
  phaseS: (trace: number) => number,
): NaiveFragment[] {
  const traces = new Map<number, NaiveTrace>();
  const fragments: NaiveFragment[] = [];
  let clock = log[0]?.timeS ?? 0;

  const close = (id: number, trace: NaiveTrace, reason: (typeof CLOSE_REASONS)[number]): void => {
    const live = trace.closed.filter((c) => c.at + rules.memory_s > clock);
    const before = new Set(live.flatMap((c) => [...c.ids]));
    const ids = new Set(trace.arrived);
    const kept = [...ids].filter((span) => !before.has(span));
    fragments.push({
      closedAtS: clock,
      trace: id,
      reason,
      late: trace.finished && live.length > 0,
      kept,
      duplicates: trace.arrived.length - kept.length,
    });
    trace.closed.push({ at: clock, ids });
    trace.finished = reason !== 'oversize' && reason !== 'expired';
    trace.arrived = [];
    trace.root = false;
  };

  const second = (): void => {
    for (const [id, trace] of [...traces].sort(([a], [b]) => a - b)) {
      if (trace.arrived.length === 0) continue;
      const quiet = clock - trace.last;
      const boundary = (clock - phaseS(id)) % rules.cut_s === 0;
      if (trace.root && quiet >= rules.grace_s) close(id, trace, 'complete');
      else if (quiet >= rules.gap_s) close(id, trace, 'idle');
      else if (boundary && 2 * (clock - trace.start) >= rules.cut_s) close(id, trace, 'expired');
    }
  };

  for (const { timeS, trace: id, span, root } of [...log, null].map(
    (entry) => entry ?? { timeS: untilS, trace: -1, span: -1, root: false },
  )) {
    while (clock < timeS) {
      clock++;
      second();
    }
    if (id < 0) break;
    let trace = traces.get(id);
    if (trace === undefined) {
      trace = { start: clock, last: clock, arrived: [], root: false, closed: [], finished: false };
      traces.set(id, trace);
    }
    if (clock >= trace.last + rules.gap_s) trace.start = clock;
    trace.last = clock;
    if (trace.arrived.length >= rules.fragment_spans_max) close(id, trace, 'oversize');
    trace.arrived.push(span);
    trace.root ||= root;
  }
  return fragments;
}
