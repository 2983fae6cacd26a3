import { closeLedger, closeWindow } from './close';
import { dueAfter, isCut, schedule } from './deadline';
import type { WindowRules } from './rules';
import type { ScannedRecord, ScannedSpans } from './scan';
import type { Entry, TraceState, WindowState } from './state';

/**
 * Applies one record of a partition of `spans`: first what is due when the log clock reaches the
 * record's append time, then the record. Pure but for changing `state` in place: no I/O, no clock.
 * This is the specification of what a trace is.
 * @returns the entries that closed, in order, with consecutive sequence numbers
 */
export function step(state: WindowState, record: ScannedRecord, rules: WindowRules): Entry[] {
  const entries: Entry[] = [];
  advance(state, record.clockS, rules, entries);
  const { ledger } = state;
  for (const spans of record.traces) addSpans(state, spans, rules, entries);
  ledger.received += record.received;
  ledger.deadLettered += record.deadLetters.length;
  if (record.received > 0) ledger.dirty = true;
  state.applied = record.offset + 1;
  if (state.openBytes > rules.window_bytes_max) evict(state, rules, entries);
  return entries;
}

/** Moves the log clock forward to `toS`, one whole second after the other, closing what is due. */
export function advance(
  state: WindowState,
  toS: number,
  rules: WindowRules,
  entries: Entry[],
): void {
  if (state.clockS === 0) state.clockS = toS;
  while (state.clockS < toS) {
    const next = nextEventS(state, toS, rules);
    state.clockS = next;
    const bucket = state.wheel.get(next);
    if (bucket !== undefined) {
      state.wheel.delete(next);
      fire(state, bucket, rules, entries);
    }
    if (state.ledger.dirty && next % rules.ledger_s === 0) entries.push(closeLedger(state));
  }
}

/** The next second with something in the wheel or a ledger boundary that matters; `toS` when there is none. */
function nextEventS(state: WindowState, toS: number, rules: WindowRules): number {
  if (state.wheel.size === 0 && !state.ledger.dirty) return toS;
  for (let s = state.clockS + 1; s < toS; s++) {
    if (state.wheel.has(s) || (state.ledger.dirty && s % rules.ledger_s === 0)) return s;
  }
  return toS;
}

/** Handles the traces of one bucket in the order of their ids, so that the order is in the log alone. */
function fire(
  state: WindowState,
  bucket: TraceState[],
  rules: WindowRules,
  entries: Entry[],
): void {
  const now = state.clockS;
  const due = bucket.filter((trace) => trace.dueS === now);
  due.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  let previous: TraceState | null = null;
  for (const trace of due) {
    if (trace === previous) continue;
    previous = trace;
    if (trace.open) {
      const quiet = now - trace.lastS;
      if (trace.root && quiet >= rules.grace_s) {
        entries.push(closeWindow(state, trace, 'complete', rules));
      } else if (quiet >= rules.gap_s) entries.push(closeWindow(state, trace, 'idle', rules));
      else if (isCut(trace, now, rules)) entries.push(closeWindow(state, trace, 'expired', rules));
    } else if (dueAfter(trace, now - 1, rules) <= now) {
      state.traces.delete(trace.key);
      state.dirty?.add(trace);
      continue;
    }
    schedule(state, trace, rules);
  }
}

function addSpans(
  state: WindowState,
  spans: ScannedSpans,
  rules: WindowRules,
  entries: Entry[],
): void {
  const now = state.clockS;
  const trace = state.traces.get(spans.key) ?? newTrace(state, spans.key);
  if (now >= trace.lastS + rules.gap_s) trace.activityStartS = now;
  trace.lastS = now;
  let first = 0;
  let start = 0;
  let at = 0;
  for (let i = 0; i < spans.lengths.length; i++) {
    const length = spans.lengths[i] as number;
    const full =
      trace.bytes + (at - start) + length > rules.fragment_bytes_max ||
      trace.spanCount + (i - first) >= rules.fragment_spans_max;
    if (full && trace.spanCount + (i - first) > 0) {
      append(state, trace, spans, first, i, start, at);
      entries.push(closeWindow(state, trace, 'oversize', rules));
      first = i;
      start = at;
    }
    at += length;
  }
  append(state, trace, spans, first, spans.lengths.length, start, at);
  trace.root ||= spans.root;
  state.dirty?.add(trace);
  schedule(state, trace, rules);
}

function newTrace(state: WindowState, key: string): TraceState {
  const trace: TraceState = {
    key,
    activityStartS: state.clockS,
    lastS: state.clockS,
    open: false,
    openedAtS: 0,
    root: false,
    spanCount: 0,
    bytes: 0,
    parts: [],
    finished: false,
    closed: [],
    dueS: 0,
    mirroredParts: 0,
    mirrorStale: false,
  };
  state.traces.set(key, trace);
  return trace;
}

/** Appends spans `first…last` of a record, whose bytes are `[start, end)`, to the trace's window. */
function append(
  state: WindowState,
  trace: TraceState,
  spans: ScannedSpans,
  first: number,
  last: number,
  start: number,
  end: number,
): void {
  const count = last - first;
  if (count === 0) return;
  if (!trace.open) {
    trace.open = true;
    trace.openedAtS = state.clockS;
    state.openWindows++;
  }
  const whole = count === spans.lengths.length;
  trace.parts.push({
    schemaId: spans.schemaId,
    bytes: whole ? spans.bytes : spans.bytes.subarray(start, end),
    lengths: whole ? spans.lengths : spans.lengths.slice(first, last),
  });
  trace.spanCount += count;
  trace.bytes += end - start;
  state.openSpans += count;
  state.openBytes += end - start;
}

/** Closes the oldest windows until a tenth of the limit is free. */
function evict(state: WindowState, rules: WindowRules, entries: Entry[]): void {
  const open = [...state.traces.values()].filter((trace) => trace.open);
  open.sort((a, b) => a.openedAtS - b.openedAtS || (a.key < b.key ? -1 : 1));
  for (const trace of open) {
    if (state.openBytes <= rules.window_bytes_max * 0.9) return;
    entries.push(closeWindow(state, trace, 'evicted', rules));
    schedule(state, trace, rules);
  }
}
