import { AvroCursor } from '@spanloom/avro';
import { isReportName, REPORT_PREFIX, type ReportTexts } from '@spanloom/figures';
import { DROPPED_KEY, TRUNCATED_KEY } from './limits';
import type { Offsets } from './offsets';
import type { ProtoCursor } from './proto-cursor';
import { writeValue } from './proto-value';
import type { SpanArena } from './span-arena';

const SERVICE_NAME = Buffer.from('service.name');
const PREFIX = Buffer.from(REPORT_PREFIX);
/** Longer names are none of a report's. */
const REPORT_NAME_BYTES_MAX = 64;

/** The parts of one KeyValue message. Reused. */
class KeyValue {
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;

  /** Reads the message whose length is at `at`; `end` is the end of what holds it. */
  read(cursor: ProtoCursor, at: number, end: number): void {
    cursor.at = at;
    const stop = cursor.lengthEnd(end);
    this.keyStart = this.keyEnd = this.valueStart = this.valueEnd = stop;
    while (cursor.at < stop) {
      const tag = cursor.tag(stop);
      if (tag === 10) {
        this.keyEnd = cursor.lengthEnd(stop);
        this.keyStart = cursor.at;
        cursor.at = this.keyEnd;
      } else if (tag === 18) {
        this.valueEnd = cursor.lengthEnd(stop);
        this.valueStart = cursor.at;
        cursor.at = this.valueEnd;
      } else {
        cursor.skip(tag, stop);
      }
    }
  }
}

const pair = new KeyValue();

/**
 * Writes the attributes whose lengths are at `offsets` as an Avro map of strings, in one block, in
 * the order they came; a key that came twice is written twice, as the sender wrote it.
 * @returns false when the span outgrew its limit, and writing stopped
 */
export function writeAttributes(
  arena: SpanArena,
  cursor: ProtoCursor,
  offsets: Offsets,
  end: number,
): boolean {
  const start = arena.writer.length;
  const truncatedBefore = arena.truncatedCount;
  if (!writeBlock(arena, cursor, offsets, end, 0, offsets.dropped)) return false;
  const truncated = arena.truncatedCount - truncatedBefore;
  if (truncated > 0 || offsets.dropped > 0) {
    // Rare: written again with the marks, so that the map stays one block with its true count.
    arena.writer.length = start;
    arena.truncatedCount = truncatedBefore;
    arena.droppedCount += offsets.dropped;
    return writeBlock(arena, cursor, offsets, end, truncated, offsets.dropped);
  }
  return true;
}

function writeBlock(
  arena: SpanArena,
  cursor: ProtoCursor,
  offsets: Offsets,
  end: number,
  truncated: number,
  dropped: number,
): boolean {
  const writer = arena.writer;
  const entries = offsets.count + (truncated > 0 ? 1 : 0) + (dropped > 0 ? 1 : 0);
  if (entries > 0) writer.writeLong(entries);
  for (let i = 0; i < offsets.count; i++) {
    pair.read(cursor, offsets.at[i] as number, end);
    arena.text(cursor.buffer, pair.keyStart, pair.keyEnd);
    writeValue(arena, cursor, pair.valueStart, pair.valueEnd);
    if (arena.overSpanLimit(0)) return false;
  }
  writeMark(arena, TRUNCATED_KEY, truncated);
  writeMark(arena, DROPPED_KEY, dropped);
  writer.writeByte(0);
  return true;
}

function writeMark(arena: SpanArena, key: string, count: number): void {
  if (count === 0) return;
  arena.writer.writeString(key);
  arena.writer.writeString(String(count));
}

/**
 * Writes the value of `service.name` as an Avro string; of several, the first.
 * @returns false when there is none, or it is empty: nothing was written
 */
export function writeServiceName(
  arena: SpanArena,
  cursor: ProtoCursor,
  offsets: Offsets,
  end: number,
): boolean {
  for (let i = 0; i < offsets.count; i++) {
    pair.read(cursor, offsets.at[i] as number, end);
    if (pair.keyEnd - pair.keyStart !== SERVICE_NAME.length) continue;
    if (cursor.buffer.compare(SERVICE_NAME, 0, 12, pair.keyStart, pair.keyEnd) !== 0) continue;
    const start = arena.writer.length;
    writeValue(arena, cursor, pair.valueStart, pair.valueEnd);
    if (arena.writer.length - start > 1) return true;
    arena.writer.length = start;
  }
  return false;
}

/**
 * Takes what a producer reports of itself out of its resource's attributes, so that it is not stored with every span.
 * @returns its texts by name, or null when there are none
 */
export function takeReport(
  arena: SpanArena,
  cursor: ProtoCursor,
  offsets: Offsets,
  end: number,
): ReportTexts | null {
  let texts: Record<string, string> | null = null;
  for (let i = 0; i < offsets.count; ) {
    pair.read(cursor, offsets.at[i] as number, end);
    const name = reportName(cursor.buffer, pair.keyStart, pair.keyEnd);
    if (name === null) {
      i++;
      continue;
    }
    const { valueStart, valueEnd } = pair;
    const value = arena.aside(() => {
      writeValue(arena, cursor, valueStart, valueEnd);
      return true;
    }) as Buffer;
    texts ??= {};
    texts[name] = avroText(value);
    offsets.remove(i);
  }
  return texts;
}

function reportName(buffer: Buffer, start: number, end: number): string | null {
  const bytes = end - start;
  if (bytes <= PREFIX.length || bytes > REPORT_NAME_BYTES_MAX) return null;
  if (buffer.compare(PREFIX, 0, PREFIX.length, start, start + PREFIX.length) !== 0) return null;
  const name = buffer.toString('latin1', start, end);
  return isReportName(name) ? name : null;
}

/** What an Avro string that stands alone says. */
export function avroText(bytes: Buffer): string {
  return new AvroCursor(bytes, 0, bytes.length).text();
}
