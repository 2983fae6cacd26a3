import { AvroWriter } from '@spanloom/avro';
import { closeLedger, closeWindow, type EntrySink } from './close';
import { dueAfter, isCut, schedule, takeDue } from './deadline';
import { WINDOW } from './open-windows';
import { NONE } from './record-pool';
import type { WindowRules } from './rules';
import { SCANNED_SPAN, type ScannedRecord } from './scan';
import type { Entry, WindowState } from './state';
import { TRACE } from './trace-table';

/** Work that stops whenever the sink is full, to be gone on with by `next`. The state is between two records only at its end. */
export type WorkInParts = Generator<undefined, void, undefined>;

/**
 * Applies one record of a partition of `spans`: first what is due when the log clock reaches the
 * record's append time, then the record. Pure but for changing `state` in place: no I/O, no clock.
 * This is the specification of what a trace is. However many windows close, an `out` that says when it is full has to
 * hold little.
 * @param out takes the entries that close, in order, with consecutive sequence numbers
 */
export function* stepInParts(
  state: WindowState,
  record: ScannedRecord,
  rules: WindowRules,
  out: EntrySink,
): WorkInParts {
  if (state.clockS < record.clockS) yield* advanceInParts(state, record.clockS, rules, out);
  addSpans(state, record, rules, out);
  const { ledger } = state;
  ledger.received += record.received;
  ledger.deadLettered += record.deadLetters.length;
  if (record.received > 0) ledger.dirty = true;
  state.applied = record.offset + 1;
  if (state.openBytes > rules.window_bytes_max) yield* evict(state, rules, out);
}

/** Like {@link stepInParts}, at once. @returns the entries that closed */
export function step(state: WindowState, record: ScannedRecord, rules: WindowRules): Entry[] {
  const entries: Entry[] = [];
  finish(stepInParts(state, record, rules, collectInto(entries)));
  return entries;
}

/** Moves the log clock forward to `toS`, one whole second after the other, closing what is due. */
function* advanceInParts(
  state: WindowState,
  toS: number,
  rules: WindowRules,
  out: EntrySink,
): WorkInParts {
  if (state.clockS === 0) state.clockS = toS;
  while (state.clockS < toS) {
    const next = nextEventS(state, toS, rules);
    state.clockS = next;
    state.memory.forget(next - rules.memory_s, rules.memory_ids_max);
    if (state.wheel.has(next)) yield* closeDue(state, rules, out);
    if (state.ledger.dirty && next % rules.ledger_s === 0) closeLedger(state, out);
  }
}

/** Moves the log clock as {@link stepInParts} does, at once; what closed is added to `entries`. */
export function advance(
  state: WindowState,
  toS: number,
  rules: WindowRules,
  entries: Entry[],
): void {
  finish(advanceInParts(state, toS, rules, collectInto(entries)));
}

function finish(work: WorkInParts): void {
  while (work.next().done !== true);
}

/** Gives each entry a buffer of its own. */
function collectInto(entries: Entry[]): EntrySink {
  return {
    isFull: false,
    begin(seq, bytes) {
      const writer = new AvroWriter(bytes);
      entries.push({ seq, bytes: writer.buffer });
      return writer;
    },
  };
}

/** The next second with something in the wheel or a ledger boundary that matters; `toS` when there is none. */
function nextEventS(state: WindowState, toS: number, rules: WindowRules): number {
  if (state.wheel.size === 0 && !state.ledger.dirty) return toS;
  for (let s = state.clockS + 1; s < toS; s++) {
    if (state.wheel.has(s) || (state.ledger.dirty && s % rules.ledger_s === 0)) return s;
  }
  return toS;
}

/** Handles the traces that are due now, in the order of their ids. */
function* closeDue(state: WindowState, rules: WindowRules, out: EntrySink): WorkInParts {
  const now = state.clockS;
  const { words } = state.traces.pool;
  for (const trace of takeDue(state, now)) {
    if (out.isFull) yield;
    const window = words[trace + TRACE.window] as number;
    if (window !== NONE) {
      const quiet = now - (words[trace + TRACE.lastS] as number);
      const root = state.windows.pool.words[window + WINDOW.root] === 1;
      if (root && quiet >= rules.grace_s) closeWindow(state, trace, 'complete', rules, out);
      else if (quiet >= rules.gap_s) closeWindow(state, trace, 'idle', rules, out);
      else if (isCut(state, trace, now, rules)) closeWindow(state, trace, 'expired', rules, out);
    } else if (dueAfter(state, trace, now - 1, rules) <= now) {
      state.traces.remove(trace);
      continue;
    }
    schedule(state, trace, rules);
  }
}

/** Adds a record's spans to their traces' windows, one after the other. */
function addSpans(
  state: WindowState,
  record: ScannedRecord,
  rules: WindowRules,
  out: EntrySink,
): void {
  const { traces, windows, clockS } = state;
  const { arena } = windows;
  const { spans, schemaId } = record;
  arena.open(record.value);
  for (let i = 0; i < spans.length; i += SCANNED_SPAN) {
    const start = spans[i] as number;
    const length = (spans[i + 1] as number) - start;
    const at = arena.locate(start, start + length);
    const id0 = arena.view.getInt32(at);
    const id1 = arena.view.getInt32(at + 4);
    const id2 = arena.view.getInt32(at + 8);
    const id3 = arena.view.getInt32(at + 12);
    let trace = traces.find(id0, id1, id2, id3);
    if (trace === NONE) {
      trace = traces.add(id0, id1, id2, id3);
      traces.pool.words[trace + TRACE.activityStartS] = clockS;
    } else if (clockS >= (traces.pool.words[trace + TRACE.lastS] as number) + rules.gap_s) {
      traces.pool.words[trace + TRACE.activityStartS] = clockS;
    }
    traces.pool.words[trace + TRACE.lastS] = clockS;
    const window = roomFor(state, trace, length, rules, out);
    windows.append(window, schemaId, at, length, (spans[i + 2] as number) << 1);
    if (spans[i + 3] === 1) windows.pool.words[window + WINDOW.root] = 1;
    state.journal?.windowChanged(windows, window);
    state.openSpans++;
    state.openBytes += length;
    schedule(state, trace, rules);
  }
}

/** The trace's open window, after closing one that the next span would make too large. */
function roomFor(
  state: WindowState,
  trace: number,
  length: number,
  rules: WindowRules,
  out: EntrySink,
): number {
  const { words } = state.traces.pool;
  const { windows } = state;
  let window = words[trace + TRACE.window] as number;
  if (
    window !== NONE &&
    ((windows.pool.words[window + WINDOW.bytes] as number) + length > rules.fragment_bytes_max ||
      (windows.pool.words[window + WINDOW.spans] as number) >= rules.fragment_spans_max)
  ) {
    closeWindow(state, trace, 'oversize', rules, out);
    window = NONE;
  }
  if (window === NONE) {
    window = windows.open(trace, state.clockS);
    words[trace + TRACE.window] = window;
    state.openWindows++;
  }
  return window;
}

/** Closes the oldest windows until a tenth of the limit is free. */
function* evict(state: WindowState, rules: WindowRules, out: EntrySink): WorkInParts {
  const { traces, windows } = state;
  const openedAtS = (trace: number): number =>
    windows.pool.words[
      (traces.pool.words[trace + TRACE.window] as number) + WINDOW.openedAtS
    ] as number;
  const open = [...traces].filter((trace) => traces.pool.words[trace + TRACE.window] !== NONE);
  open.sort((a, b) => openedAtS(a) - openedAtS(b) || traces.compareIds(a, b));
  for (const trace of open) {
    if (out.isFull) yield;
    if (state.openBytes <= rules.window_bytes_max * 0.9) return;
    closeWindow(state, trace, 'evicted', rules, out);
    schedule(state, trace, rules);
  }
}
