import type { ProtoCursor } from './proto-cursor';
import type { SpanArena } from './span-arena';
import { base64Text, decimalText, doubleJson, doubleText } from './text';

const STRING = 10;
const BOOL = 16;
const INT = 24;
const DOUBLE = 33;
const ARRAY = 42;
const KVLIST = 50;
const BYTES = 58;

/**
 * Writes an AnyValue, `[start, end)` of the cursor's buffer, as an Avro string: text as it is;
 * `true` or `false`; integers in decimal; doubles in their shortest form; bytes in base64; arrays
 * and key-value lists as JSON; nothing as the empty text. Invalid UTF-8 passes through unchanged.
 */
export function writeValue(
  arena: SpanArena,
  cursor: ProtoCursor,
  start: number,
  end: number,
): void {
  cursor.at = start;
  // Nearly all values are a string that fills its message: no need to look for more fields.
  if (end - start > 1 && cursor.buffer[start] === STRING) {
    cursor.at = start + 1;
    const stop = cursor.lengthEnd(end);
    if (stop === end) {
      arena.text(cursor.buffer, cursor.at, stop);
      return;
    }
  }
  const tag = findMember(cursor, start, end);
  switch (tag) {
    case STRING: {
      const stop = cursor.lengthEnd(end);
      arena.text(cursor.buffer, cursor.at, stop);
      return;
    }
    case ARRAY:
    case KVLIST:
      arena.string(jsonOf(arena, cursor, tag, end, 1));
      return;
    default:
      arena.string(scalarText(arena, cursor, tag, end));
  }
}

/** Moves to the value of the last member that is set (protobuf: the last one of a oneof counts). */
function findMember(cursor: ProtoCursor, start: number, end: number): number {
  let found = 0;
  let foundAt = end;
  cursor.at = start;
  while (cursor.at < end) {
    const tag = cursor.tag(end);
    if (isMember(tag)) {
      found = tag;
      foundAt = cursor.at;
    }
    cursor.skip(tag, end);
  }
  cursor.at = foundAt;
  return found;
}

function isMember(tag: number): boolean {
  switch (tag) {
    case STRING:
    case BOOL:
    case INT:
    case DOUBLE:
    case ARRAY:
    case KVLIST:
    case BYTES:
      return true;
    default:
      return false;
  }
}

function scalarText(arena: SpanArena, cursor: ProtoCursor, tag: number, end: number): string {
  switch (tag) {
    case BOOL:
      cursor.varint(end);
      return cursor.lo === 0 && cursor.hi === 0 ? 'false' : 'true';
    case INT:
      cursor.varint(end);
      return decimalText(cursor.lo, cursor.hi);
    case DOUBLE:
      return doubleText(cursor.double(end));
    case BYTES: {
      const stop = cursor.lengthEnd(end);
      return base64Text(cursor.buffer, cursor.at, stop, arena.limits.attribute_bytes_max);
    }
    default:
      return '';
  }
}

/** A value as JSON; the cursor stands on the value of `tag`. */
function jsonOf(
  arena: SpanArena,
  cursor: ProtoCursor,
  tag: number,
  end: number,
  depth: number,
): string {
  switch (tag) {
    case STRING: {
      const stop = cursor.lengthEnd(end);
      // One more than the limit, so that the whole is seen to be too long and cut.
      const shown = Math.min(stop, cursor.at + arena.limits.attribute_bytes_max + 1);
      return JSON.stringify(cursor.buffer.toString('utf8', cursor.at, shown));
    }
    case DOUBLE:
      return doubleJson(cursor.double(end));
    case BYTES:
      return `"${scalarText(arena, cursor, tag, end)}"`;
    case ARRAY:
    case KVLIST: {
      if (depth > arena.limits.depth_max) {
        arena.truncatedCount++;
        return 'null';
      }
      return listJson(arena, cursor, tag === KVLIST, cursor.lengthEnd(end), depth);
    }
    default:
      return scalarText(arena, cursor, tag, end) || 'null';
  }
}

/** ArrayValue and KeyValueList both hold their members in field 1. */
function listJson(
  arena: SpanArena,
  cursor: ProtoCursor,
  keyed: boolean,
  end: number,
  depth: number,
): string {
  let json = '';
  while (cursor.at < end) {
    const tag = cursor.tag(end);
    if (tag !== 10) {
      cursor.skip(tag, end);
      continue;
    }
    const stop = cursor.lengthEnd(end);
    if (json.length > arena.limits.attribute_bytes_max) {
      cursor.at = stop;
      continue;
    }
    if (json !== '') json += ',';
    json += keyed
      ? memberJson(arena, cursor, stop, depth)
      : valueJson(arena, cursor, cursor.at, stop, depth);
    cursor.at = stop;
  }
  return keyed ? `{${json}}` : `[${json}]`;
}

function valueJson(
  arena: SpanArena,
  cursor: ProtoCursor,
  start: number,
  end: number,
  depth: number,
): string {
  const tag = findMember(cursor, start, end);
  return jsonOf(arena, cursor, tag, end, depth + 1);
}

function memberJson(arena: SpanArena, cursor: ProtoCursor, end: number, depth: number): string {
  let keyStart = cursor.at;
  let keyEnd = cursor.at;
  let valueStart = cursor.at;
  let valueEnd = cursor.at;
  while (cursor.at < end) {
    const tag = cursor.tag(end);
    if (tag !== 10 && tag !== 18) {
      cursor.skip(tag, end);
      continue;
    }
    const stop = cursor.lengthEnd(end);
    if (tag === 10) {
      keyStart = cursor.at;
      keyEnd = stop;
    } else {
      valueStart = cursor.at;
      valueEnd = stop;
    }
    cursor.at = stop;
  }
  const shown = Math.min(keyEnd, keyStart + arena.limits.attribute_bytes_max + 1);
  const key = JSON.stringify(cursor.buffer.toString('utf8', keyStart, shown));
  return `${key}:${valueJson(arena, cursor, valueStart, valueEnd, depth)}`;
}
