import { SCAN_SPAN, SpanScanner } from '@spanloom/avro';
import { schedule } from './deadline';
import type { WindowRules } from './rules';
import type { ClosedIds, TraceState, WindowPart, WindowState } from './state';

const FIXED_BYTES = 25;
const PART_HEADER_BYTES = 12;
const FLAG_OPEN = 1;
const FLAG_ROOT = 2;
const FLAG_FINISHED = 4;

/** A trace's state without its parts, for the store. {@link unpackTrace} reads it. */
export function packTrace(trace: TraceState): Buffer {
  const bytes = trace.closed.reduce((sum, c) => sum + 8 + c.ids.length, FIXED_BYTES);
  const packed = Buffer.allocUnsafe(bytes);
  packed[0] =
    (trace.open ? FLAG_OPEN : 0) |
    (trace.root ? FLAG_ROOT : 0) |
    (trace.finished ? FLAG_FINISHED : 0);
  packed.writeUInt32LE(trace.activityStartS, 1);
  packed.writeUInt32LE(trace.lastS, 5);
  packed.writeUInt32LE(trace.openedAtS, 9);
  packed.writeUInt32LE(trace.spanCount, 13);
  packed.writeUInt32LE(trace.bytes, 17);
  packed.writeUInt32LE(trace.closed.length, 21);
  let at = FIXED_BYTES;
  for (const { closedAtS, ids } of trace.closed) {
    at = packed.writeUInt32LE(closedAtS, at);
    at = packed.writeUInt32LE(ids.length, at);
    at += ids.copy(packed, at);
  }
  return packed;
}

/** The trace that {@link packTrace} wrote, without parts. */
export function unpackTrace(key: string, packed: Buffer): TraceState {
  const flags = packed[0] as number;
  const closed: ClosedIds[] = [];
  let at = FIXED_BYTES;
  for (let i = packed.readUInt32LE(21); i > 0; i--) {
    const bytes = packed.readUInt32LE(at + 4);
    closed.push({
      closedAtS: packed.readUInt32LE(at),
      ids: Buffer.from(packed.subarray(at + 8, at + 8 + bytes)),
    });
    at += 8 + bytes;
  }
  return {
    key,
    activityStartS: packed.readUInt32LE(1),
    lastS: packed.readUInt32LE(5),
    open: (flags & FLAG_OPEN) !== 0,
    openedAtS: packed.readUInt32LE(9),
    root: (flags & FLAG_ROOT) !== 0,
    spanCount: packed.readUInt32LE(13),
    bytes: packed.readUInt32LE(17),
    parts: [],
    finished: (flags & FLAG_FINISHED) !== 0,
    closed,
    dueS: 0,
    mirroredParts: 0,
    mirrorStale: false,
  };
}

/** Parts as the store keeps them in one string per window: schema id, spans, bytes, then the bytes. */
export function packParts(parts: readonly WindowPart[]): Buffer {
  const chunks: Buffer[] = [];
  for (const part of parts) {
    const head = Buffer.allocUnsafe(PART_HEADER_BYTES);
    head.writeUInt32LE(part.schemaId, 0);
    head.writeUInt32LE(part.lengths.length, 4);
    head.writeUInt32LE(part.bytes.length, 8);
    chunks.push(head, part.bytes);
  }
  return Buffer.concat(chunks);
}

const scanner = new SpanScanner();

/** The parts that {@link packParts} wrote; null when the bytes are not whole. */
export function unpackParts(packed: Buffer): WindowPart[] | null {
  const parts: WindowPart[] = [];
  let at = 0;
  while (at < packed.length) {
    if (packed.length - at < PART_HEADER_BYTES) return null;
    const schemaId = packed.readUInt32LE(at);
    const spans = packed.readUInt32LE(at + 4);
    const end = at + PART_HEADER_BYTES + packed.readUInt32LE(at + 8);
    if (end > packed.length) return null;
    const bytes = Buffer.from(packed.subarray(at + PART_HEADER_BYTES, end));
    const lengths: number[] = [];
    scanner.resetRaw(bytes, 0, bytes.length);
    while (scanner.next() === SCAN_SPAN) lengths.push(scanner.spanEnd - scanner.spanStart);
    if (lengths.length !== spans) return null;
    parts.push({ schemaId, bytes, lengths });
    at = end;
  }
  return parts;
}

/** Puts a trace that was read from the store into the state. */
export function restoreTrace(state: WindowState, trace: TraceState, rules: WindowRules): void {
  trace.mirroredParts = trace.parts.length;
  state.traces.set(trace.key, trace);
  if (trace.open) {
    state.openWindows++;
    state.openSpans += trace.spanCount;
    state.openBytes += trace.bytes;
  }
  schedule(state, trace, rules);
}
