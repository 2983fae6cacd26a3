import { item, type JsonObject, list, objectOrNull, text } from './json-shape';
import { DROPPED_KEY, TRUNCATED_KEY } from './limits';
import { malformed } from './outcome';
import type { SpanArena } from './span-arena';
import { doubleJson, doubleText } from './text';

/** The member of an AnyValue that is set; of several, the one that comes last. */
function member(value: JsonObject | null): readonly [string, unknown] | null {
  let found: readonly [string, unknown] | null = null;
  for (const name in value) {
    if (MEMBERS.has(name) && value[name] !== null) found = [name, value[name]];
  }
  return found;
}

const MEMBERS: ReadonlySet<string> = new Set([
  'stringValue',
  'boolValue',
  'intValue',
  'doubleValue',
  'arrayValue',
  'kvlistValue',
  'bytesValue',
]);

function intText(value: unknown): string {
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) {
    return value.length < 16 ? String(Number(value)) : BigInt.asIntN(64, BigInt(value)).toString();
  }
  if (Number.isInteger(value)) return BigInt.asIntN(64, BigInt(value as number)).toString();
  return malformed('intValue must be an integer');
}

function double(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number !== 'number') return malformed('doubleValue must be a number');
  if (Number.isNaN(number) && value !== 'NaN') malformed('doubleValue must be a number');
  return number;
}

function scalarText(name: string, value: unknown): string {
  switch (name) {
    case 'stringValue':
      return text(value, name);
    case 'boolValue':
      if (typeof value !== 'boolean') malformed('boolValue must be true or false');
      return String(value);
    case 'intValue':
      return intText(value);
    case 'doubleValue':
      return doubleText(double(value));
    default:
      return Buffer.from(text(value, name), 'base64').toString('base64');
  }
}

/** An AnyValue as text, by the same rules as for protobuf. */
export function valueText(arena: SpanArena, raw: unknown): string {
  const found = member(objectOrNull(raw, 'an attribute value'));
  if (found === null) return '';
  const [name, value] = found;
  if (name === 'arrayValue' || name === 'kvlistValue') return listJson(arena, name, value, 1);
  return scalarText(name, value);
}

function valueJson(arena: SpanArena, raw: unknown, depth: number): string {
  const found = member(objectOrNull(raw, 'an attribute value'));
  if (found === null) return 'null';
  const [name, value] = found;
  switch (name) {
    case 'arrayValue':
    case 'kvlistValue':
      return listJson(arena, name, value, depth + 1);
    case 'stringValue':
    case 'bytesValue':
      return JSON.stringify(scalarText(name, value));
    case 'doubleValue':
      return doubleJson(double(value));
    default:
      return scalarText(name, value);
  }
}

function listJson(arena: SpanArena, name: string, raw: unknown, depth: number): string {
  if (depth > arena.limits.depth_max) {
    arena.truncatedCount++;
    return 'null';
  }
  const keyed = name === 'kvlistValue';
  let json = '';
  for (const element of list(objectOrNull(raw, name)?.values, `${name}.values`)) {
    if (json.length > arena.limits.attribute_bytes_max) break;
    if (json !== '') json += ',';
    if (keyed) {
      const pair = item(element, 'a key-value pair');
      json += `${JSON.stringify(text(pair.key, 'key'))}:${valueJson(arena, pair.value, depth)}`;
    } else {
      json += valueJson(arena, element, depth);
    }
  }
  return keyed ? `{${json}}` : `[${json}]`;
}

/**
 * Writes KeyValue objects as an Avro map of strings in one block, with the same marks as for
 * protobuf where values were cut or attributes left out.
 * @returns false when the span outgrew its limit, and writing stopped
 */
export function writeJsonAttributes(arena: SpanArena, raw: unknown, what: string): boolean {
  const all = list(raw, what);
  const kept = Math.min(all.length, arena.limits.attributes_max);
  const dropped = all.length - kept;
  const start = arena.writer.length;
  const truncatedBefore = arena.truncatedCount;
  if (!writeBlock(arena, all, kept, 0, dropped)) return false;
  const truncated = arena.truncatedCount - truncatedBefore;
  if (truncated === 0 && dropped === 0) return true;
  arena.writer.length = start;
  arena.truncatedCount = truncatedBefore;
  arena.droppedCount += dropped;
  return writeBlock(arena, all, kept, truncated, dropped);
}

function writeBlock(
  arena: SpanArena,
  all: readonly unknown[],
  kept: number,
  truncated: number,
  dropped: number,
): boolean {
  const writer = arena.writer;
  const entries = kept + (truncated > 0 ? 1 : 0) + (dropped > 0 ? 1 : 0);
  if (entries > 0) writer.writeLong(entries);
  for (let i = 0; i < kept; i++) {
    const pair = item(all[i], 'an attribute');
    arena.string(text(pair.key, 'an attribute key'));
    arena.string(valueText(arena, pair.value));
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
