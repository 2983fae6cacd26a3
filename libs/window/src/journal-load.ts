import { SCAN_SPAN, SpanScanner } from '@spanloom/avro';
import { schedule } from './deadline';
import {
  readClosed,
  readSegmentTable,
  SPAN_ID_BYTES,
  type StoredClosedWindow,
  type StoredContents,
  type StoredWindow,
} from './journal-format';
import { WINDOW } from './open-windows';
import { NONE } from './record-pool';
import type { WindowRules } from './rules';
import { SpanIds } from './span-ids';
import type { WindowState } from './state';
import { TRACE } from './trace-table';

const scanner = new SpanScanner();
const ids = new SpanIds();

/**
 * Adds a segment of open windows to a state that is being read from a store; oldest segment first.
 * @returns false when it does not add up: then the state is of no use
 */
export function loadSegment(
  state: WindowState,
  number: number,
  segment: Buffer,
  table_bytes: number,
): boolean {
  try {
    const table = readSegmentTable(segment.subarray(0, table_bytes));
    state.windows.arena.open(segment);
    for (const id of table.closed) forgetTrace(state, id);
    for (const window of table.windows) {
      if (!loadWindow(state, number, segment, window)) return false;
    }
    return true;
  } catch (error) {
    return refused(error);
  }
}

/** Adds a block of closed windows, after all segments; oldest block first. @returns like {@link loadSegment} */
export function loadClosed(state: WindowState, block: Buffer, rules: WindowRules): boolean {
  try {
    for (const closed of readClosed(block)) loadClosedWindow(state, closed, rules);
    return true;
  } catch (error) {
    return refused(error);
  }
}

/** Puts every trace into the wheel, once all is read. @returns like {@link loadSegment} */
export function finishLoading(
  state: WindowState,
  contents: StoredContents,
  rules: WindowRules,
): boolean {
  if (state.openWindows !== contents.windows || state.openSpans !== contents.spans) return false;
  for (const trace of state.traces) schedule(state, trace, rules);
  return true;
}

/** False for bytes that end early; anything else is a fault of ours. */
function refused(error: unknown): false {
  if ((error as { readonly name?: unknown }).name === 'RangeError') return false;
  throw error;
}

function traceOf(state: WindowState, id: Buffer): number {
  const words = [0, 4, 8, 12].map((at) => id.readInt32BE(at)) as [number, number, number, number];
  const trace = state.traces.find(...words);
  return trace === NONE ? state.traces.add(...words) : trace;
}

/** What is known of the trace besides its open window comes with the closed windows. */
function forgetTrace(state: WindowState, id: Buffer): void {
  const trace = traceOf(state, id);
  const window = state.traces.pool.words[trace + TRACE.window] as number;
  if (window !== NONE) {
    const { words } = state.windows.pool;
    state.openWindows--;
    state.openSpans -= words[window + WINDOW.spans] as number;
    state.openBytes -= words[window + WINDOW.bytes] as number;
    state.journal?.windowDropped(state.windows, window);
    state.windows.release(window);
  }
  state.traces.remove(trace);
}

function loadWindow(
  state: WindowState,
  segment: number,
  bytes: Buffer,
  stored: StoredWindow,
): boolean {
  if (stored.whole) forgetTrace(state, stored.traceId);
  const trace = traceOf(state, stored.traceId);
  const known = state.traces.pool.words;
  let window = known[trace + TRACE.window] as number;
  if (window === NONE) {
    if (!stored.whole) {
      // Was added to a window that has closed since, whose beginning is gone already.
      state.traces.remove(trace);
      return true;
    }
    window = state.windows.open(trace, stored.openedAtS);
    known[trace + TRACE.window] = window;
    state.openWindows++;
  }
  known[trace + TRACE.activityStartS] = stored.activityStartS;
  known[trace + TRACE.lastS] = stored.lastS;
  if (!appendRuns(state, window, bytes, stored)) return false;
  const { words } = state.windows.pool;
  words[window + WINDOW.root] = stored.root ? 1 : 0;
  state.journal?.windowRead(state.windows, window, segment);
  return (
    words[window + WINDOW.spans] === stored.spans && words[window + WINDOW.bytes] === stored.bytes
  );
}

/** The spans go the way that they would go from a record. */
function appendRuns(
  state: WindowState,
  window: number,
  bytes: Buffer,
  { runs, bytesAt }: StoredWindow,
): boolean {
  const { windows } = state;
  let start = bytesAt;
  for (const run of runs) {
    if (start + run.bytes > bytes.length) return false;
    scanner.resetRaw(bytes, start, start + run.bytes);
    for (let i = 0; i < run.spans; i++) {
      if (scanner.next() !== SCAN_SPAN) return false;
      const length = scanner.spanEnd - scanner.spanStart;
      const at = windows.arena.locate(scanner.spanStart, scanner.spanEnd);
      windows.append(window, run.schemaId, at, length, scanner.kind << 1);
      state.openSpans++;
      state.openBytes += length;
    }
    start += run.bytes;
  }
  return true;
}

function loadClosedWindow(
  state: WindowState,
  closed: StoredClosedWindow,
  rules: WindowRules,
): void {
  const trace = traceOf(state, closed.traceId);
  const { words } = state.traces.pool;
  words[trace + TRACE.finished] = closed.finished ? 1 : 0;
  if (words[trace + TRACE.window] === NONE) {
    words[trace + TRACE.activityStartS] = closed.activityStartS;
    words[trace + TRACE.lastS] = closed.lastS;
  }
  if (closed.closedAtS + rules.memory_s <= state.clockS) return;
  ids.clear();
  for (let at = 0; at < closed.ids.length; at += SPAN_ID_BYTES) {
    ids.push(
      closed.ids.readInt32BE(at),
      closed.ids.readInt32BE(at + 4),
      closed.ids[at + 8] as number,
    );
  }
  state.memory.remember(trace, closed.closedAtS, ids);
  state.memory.forget(state.clockS - rules.memory_s, rules.memory_ids_max);
}
