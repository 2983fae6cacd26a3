import type { Offsets } from './offsets';
import { writeAttributes } from './proto-attributes';
import type { ProtoCursor } from './proto-cursor';
import type { SpanArena } from './span-arena';

const NO_ID = Buffer.alloc(16);

/**
 * Writes the events whose lengths are at `events` as an Avro array. `attributes` is scratch.
 * @returns false when the span outgrew its limit, and writing stopped
 */
export function writeEvents(
  arena: SpanArena,
  cursor: ProtoCursor,
  events: Offsets,
  attributes: Offsets,
  end: number,
): boolean {
  arena.droppedCount += events.dropped;
  if (events.count > 0) arena.writer.writeLong(events.count);
  for (let i = 0; i < events.count; i++) {
    cursor.at = events.at[i] as number;
    if (!writeEvent(arena, cursor, attributes, cursor.lengthEnd(end))) return false;
  }
  arena.writer.writeByte(0);
  return true;
}

function writeEvent(
  arena: SpanArena,
  cursor: ProtoCursor,
  attributes: Offsets,
  end: number,
): boolean {
  let lo = 0;
  let hi = 0;
  let nameStart = 0;
  let nameEnd = 0;
  attributes.reset();
  while (cursor.at < end) {
    const tag = cursor.tag(end);
    if (tag === 9) {
      cursor.fixed64(end);
      lo = cursor.lo;
      hi = cursor.hi;
    } else if (tag === 18) {
      nameEnd = cursor.lengthEnd(end);
      nameStart = cursor.at;
      cursor.at = nameEnd;
    } else {
      if (tag === 26) attributes.add(cursor.at);
      cursor.skip(tag, end);
    }
  }
  // A time that Avro's long can't hold (past the year 2262) is no time.
  if (hi >= 0x80000000) lo = hi = 0;
  arena.writer.writeLong64(lo, hi);
  arena.text(cursor.buffer, nameStart, nameEnd);
  return writeAttributes(arena, cursor, attributes, end);
}

/**
 * Writes the links whose lengths are at `links` as an Avro array; an id of the wrong length becomes
 * all zeros. `attributes` is scratch.
 * @returns false when the span outgrew its limit, and writing stopped
 */
export function writeLinks(
  arena: SpanArena,
  cursor: ProtoCursor,
  links: Offsets,
  attributes: Offsets,
  end: number,
): boolean {
  arena.droppedCount += links.dropped;
  if (links.count > 0) arena.writer.writeLong(links.count);
  for (let i = 0; i < links.count; i++) {
    cursor.at = links.at[i] as number;
    if (!writeLink(arena, cursor, attributes, cursor.lengthEnd(end))) return false;
  }
  arena.writer.writeByte(0);
  return true;
}

function writeLink(
  arena: SpanArena,
  cursor: ProtoCursor,
  attributes: Offsets,
  end: number,
): boolean {
  let traceAt = -1;
  let spanAt = -1;
  let stateStart = 0;
  let stateEnd = 0;
  attributes.reset();
  while (cursor.at < end) {
    const tag = cursor.tag(end);
    if (tag === 34) attributes.add(cursor.at);
    if (tag !== 10 && tag !== 18 && tag !== 26) {
      cursor.skip(tag, end);
      continue;
    }
    const stop = cursor.lengthEnd(end);
    if (tag === 10) {
      traceAt = stop - cursor.at === 16 ? cursor.at : -1;
    } else if (tag === 18) {
      spanAt = stop - cursor.at === 8 ? cursor.at : -1;
    } else {
      stateStart = cursor.at;
      stateEnd = stop;
    }
    cursor.at = stop;
  }
  writeId(arena, cursor.buffer, traceAt, 16);
  writeId(arena, cursor.buffer, spanAt, 8);
  arena.text(cursor.buffer, stateStart, stateEnd);
  return writeAttributes(arena, cursor, attributes, end);
}

function writeId(arena: SpanArena, buffer: Buffer, at: number, bytes: number): void {
  if (at < 0) arena.writer.writeRaw(NO_ID, 0, bytes);
  else arena.writer.writeRaw(buffer, at, at + bytes);
}
