import {
  AvroWriter,
  CLOSE_REASONS,
  type CloseReason,
  writeFragmentHeader,
  writeLedgerEntry,
  writeSegmentHeader,
} from '@spanloom/avro';
import type { WindowRules } from './rules';
import { type Entry, ID_BYTES, type TraceState, type WindowPart, type WindowState } from './state';

const SPAN_ID_AT = 16;
const writer = new AvroWriter(1024 * 1024);
const key = Buffer.alloc(16);

/** Takes the spans' kind from a span's bytes: after ids and two varints. */
function kindByte(bytes: Buffer, start: number): number {
  let at = start + 32;
  while ((bytes[at++] as number) > 127);
  while ((bytes[at++] as number) > 127);
  return bytes[at] as number;
}

/** Which spans of a window to keep, in order of arrival, and all its distinct ids. */
interface Distinct {
  /** Per part, the spans kept: [start, end) pairs; null when the whole part is kept. */
  readonly kept: readonly (readonly number[] | null)[];
  readonly keptCount: number;
  readonly ids: Buffer;
}

function rememberedIds(trace: TraceState, clockS: number, rules: WindowRules): Set<string> {
  const seen = new Set<string>();
  for (const { closedAtS, ids } of trace.closed) {
    if (closedAtS + rules.memory_s <= clockS) continue;
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      seen.add(ids.toString('latin1', at, at + ID_BYTES));
    }
  }
  return seen;
}

/** A span is a duplicate when its id and kind came before in this window or a remembered one. */
function distinctSpans(trace: TraceState, clockS: number, rules: WindowRules): Distinct {
  const before = rememberedIds(trace, clockS, rules);
  const here = new Set<string>();
  const ids = Buffer.allocUnsafe(trace.spanCount * ID_BYTES);
  let idsEnd = 0;
  let keptCount = 0;
  const kept = trace.parts.map(({ bytes, lengths }) => {
    const ranges: number[] = [];
    let start = 0;
    for (const length of lengths) {
      bytes.copy(ids, idsEnd, start + SPAN_ID_AT, start + SPAN_ID_AT + 8);
      ids[idsEnd + 8] = kindByte(bytes, start);
      const id = ids.toString('latin1', idsEnd, idsEnd + ID_BYTES);
      if (!here.has(id)) {
        here.add(id);
        idsEnd += ID_BYTES;
        if (!before.has(id)) ranges.push(start, start + length);
      }
      start += length;
    }
    keptCount += ranges.length / 2;
    return ranges.length === lengths.length * 2 ? null : ranges;
  });
  return { kept, keptCount, ids: Buffer.from(ids.subarray(0, idsEnd)) };
}

function keptBytes(part: WindowPart, ranges: readonly number[] | null): number {
  if (ranges === null) return part.bytes.length;
  let total = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    total += (ranges[i + 1] as number) - (ranges[i] as number);
  }
  return total;
}

function writeKept(part: WindowPart, ranges: readonly number[] | null): void {
  if (ranges === null) {
    writer.writeRaw(part.bytes);
    return;
  }
  for (let i = 0; i < ranges.length; i += 2) {
    writer.writeRaw(part.bytes, ranges[i], ranges[i + 1]);
  }
}

/** Joins neighbouring parts of one schema, so that the bytes do not depend on how records were cut. */
function writeSegments(parts: readonly WindowPart[], { kept }: Distinct): void {
  const keepsAny = (i: number): boolean => kept[i] === null || (kept[i] as number[]).length > 0;
  const groups: number[][] = [];
  for (let i = 0; i < parts.length; i++) {
    if (!keepsAny(i)) continue;
    const group = groups[groups.length - 1];
    const schemaId = (parts[i] as WindowPart).schemaId;
    if (group !== undefined && (parts[group[0] as number] as WindowPart).schemaId === schemaId) {
      group.push(i);
    } else groups.push([i]);
  }
  if (groups.length > 0) writer.writeLong(groups.length);
  for (const group of groups) {
    let spans = 0;
    let bytes = 0;
    for (const i of group) {
      const part = parts[i] as WindowPart;
      const ranges = kept[i] as readonly number[] | null;
      spans += ranges === null ? part.lengths.length : ranges.length / 2;
      bytes += keptBytes(part, ranges);
    }
    writeSegmentHeader(writer, (parts[group[0] as number] as WindowPart).schemaId, spans, bytes);
    for (const i of group) {
      writeKept(parts[i] as WindowPart, kept[i] as readonly number[] | null);
    }
  }
  writer.writeByte(0);
}

/** Closes the trace's open window into the next fragment, and remembers its span ids. */
export function closeWindow(
  state: WindowState,
  trace: TraceState,
  reason: CloseReason,
  rules: WindowRules,
): Entry {
  const clockS = state.clockS;
  const distinct = distinctSpans(trace, clockS, rules);
  const remembered = trace.closed.filter((c) => c.closedAtS + rules.memory_s > clockS);
  writer.reset();
  key.write(trace.key, 'latin1');
  writeFragmentHeader(writer, key, 0, {
    openedAtS: trace.openedAtS,
    closedAtS: clockS,
    reason: CLOSE_REASONS.indexOf(reason),
    late: trace.finished && remembered.length > 0,
    spanCount: distinct.keptCount,
    duplicateCount: trace.spanCount - distinct.keptCount,
  });
  writeSegments(trace.parts, distinct);
  state.openWindows--;
  state.openSpans -= trace.spanCount;
  state.openBytes -= trace.bytes;
  trace.closed = [...remembered, { closedAtS: clockS, ids: distinct.ids }];
  trace.finished = reason !== 'oversize' && reason !== 'expired';
  trace.open = false;
  trace.root = false;
  trace.spanCount = 0;
  trace.bytes = 0;
  trace.parts = [];
  if (trace.mirroredParts > 0) trace.mirrorStale = true;
  trace.mirroredParts = 0;
  state.dirty?.add(trace);
  state.ledger.dirty = true;
  return { seq: ++state.seq, bytes: writer.take() };
}

/** Makes the ledger entry for everything since the last one. */
export function closeLedger(state: WindowState): Entry {
  const { ledger } = state;
  writer.reset();
  writeLedgerEntry(writer, {
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
  return { seq: ++state.seq, bytes: writer.take() };
}
