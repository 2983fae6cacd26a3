import {
  AvroWriter,
  CLOSE_REASONS,
  type CloseReason,
  writeFragmentHeader,
  writeLedgerEntry,
  writeSegmentHeader,
} from '@spanloom/avro';
import { writeKept } from './kept-spans';
import { WINDOW } from './open-windows';
import { NONE } from './record-pool';
import type { WindowRules } from './rules';
import { SpanIdSet, SpanIds } from './span-ids';
import type { WindowState } from './state';
import { TRACE } from './trace-table';

/** Takes entries as they close, in order. */
export interface EntrySink {
  /** Begins the next entry: exactly `bytes` are written to the writer it gives, before anything else happens. */
  begin(seq: number, bytes: number): AvroWriter;
  /** Enough has come: what closes next had better wait until some of it is sent. */
  readonly isFull: boolean;
}

const head = new AvroWriter(1024);
const body = new AvroWriter(4096);
const traceId = Buffer.alloc(16);
const arrived = new SpanIds();
const remembered = new SpanIds();
const distinct = new SpanIds();
const before = new SpanIdSet();
const here = new SpanIdSet();
let dropped = new Uint8Array(64);

/**
 * Marks in `dropped` which of the `arrived` spans are duplicates: their id and kind came before in this
 * window or a remembered one. Leaves the distinct ids of this window in the list that it returns.
 */
function findDuplicates(state: WindowState, trace: number): { kept: number; ids: SpanIds } {
  remembered.clear();
  before.clear();
  here.clear();
  state.memory.gather(trace, remembered);
  for (let i = 0; i < remembered.count; i++) {
    before.add(
      remembered.hi[i] as number,
      remembered.lo[i] as number,
      remembered.kind[i] as number,
    );
  }
  if (dropped.length < arrived.count) dropped = new Uint8Array(arrived.count * 2);
  distinct.clear();
  let kept = 0;
  for (let i = 0; i < arrived.count; i++) {
    const hi = arrived.hi[i] as number;
    const lo = arrived.lo[i] as number;
    const kind = arrived.kind[i] as number;
    const first = here.add(hi, lo, kind);
    if (first) distinct.push(hi, lo, kind);
    const keep = first && (remembered.count === 0 || before.isNew(hi, lo, kind));
    dropped[i] = keep ? 0 : 1;
    if (keep) kept++;
  }
  return { kept, ids: distinct };
}

/** Closes the trace's open window into the next fragment, and remembers its span ids. */
export function closeWindow(
  state: WindowState,
  trace: number,
  reason: CloseReason,
  rules: WindowRules,
  out: EntrySink,
): void {
  const { words } = state.traces.pool;
  const { windows } = state;
  const window = words[trace + TRACE.window] as number;
  const spans = windows.pool.words[window + WINDOW.spans] as number;
  const bytes = windows.pool.words[window + WINDOW.bytes] as number;
  const late =
    words[trace + TRACE.finished] === 1 && (words[trace + TRACE.remembered] as number) >= 0;
  arrived.clear();
  windows.gatherIds(window, arrived);
  const { kept, ids } = findDuplicates(state, trace);
  state.traces.writeId(trace, traceId, 0);
  head.reset();
  writeFragmentHeader(head, traceId, 0, {
    openedAtS: windows.pool.words[window + WINDOW.openedAtS] as number,
    closedAtS: state.clockS,
    reason: CLOSE_REASONS.indexOf(reason),
    late,
    spanCount: kept,
    duplicateCount: spans - kept,
  });
  if (kept === spans && windows.hasOneSchema(window)) {
    head.writeLong(1);
    writeSegmentHeader(head, windows.pool.words[window + WINDOW.schema] as number, spans, bytes);
    const writer = out.begin(++state.seq, head.length + bytes + 1);
    writer.writeRaw(head.buffer, 0, head.length);
    writer.ensure(bytes);
    windows.arena.copy(
      windows.pool.words[window + WINDOW.first] as number,
      0,
      bytes,
      writer.buffer,
      writer.length,
    );
    writer.length += bytes;
    writer.writeByte(0);
  } else {
    body.reset();
    writeKept(windows, window, dropped, body);
    const writer = out.begin(++state.seq, head.length + body.length);
    writer.writeRaw(head.buffer, 0, head.length);
    writer.writeRaw(body.buffer, 0, body.length);
  }
  state.openWindows--;
  state.openSpans -= spans;
  state.openBytes -= bytes;
  state.ledger.dirty = true;
  words[trace + TRACE.finished] = reason !== 'oversize' && reason !== 'expired' ? 1 : 0;
  words[trace + TRACE.window] = NONE;
  state.journal?.windowClosed(state, trace, window, ids);
  windows.release(window);
  state.memory.remember(trace, state.clockS, ids);
  state.memory.forget(state.clockS - rules.memory_s, rules.memory_ids_max);
}

/** Makes the ledger entry for everything since the last one. */
export function closeLedger(state: WindowState, out: EntrySink): void {
  const { ledger } = state;
  head.reset();
  writeLedgerEntry(head, {
    atS: state.clockS,
    fromOffset: ledger.fromOffset,
    toOffset: state.applied,
    received: ledger.received,
    deadLettered: ledger.deadLettered,
    sampledOut: ledger.sampledOut,
    openSpans: state.openSpans,
  });
  ledger.fromOffset = state.applied;
  ledger.received = 0;
  ledger.deadLettered = 0;
  ledger.sampledOut = 0;
  ledger.dirty = false;
  out.begin(++state.seq, head.length).writeRaw(head.buffer, 0, head.length);
}
