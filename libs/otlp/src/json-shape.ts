import { malformed, RequestRefused } from './outcome';

/** A JSON object whose members are not known to be anything yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An object, or nothing: a member that is absent or null has its default (protobuf JSON mapping). */
export function objectOrNull(value: unknown, what: string): JsonObject | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) malformed(`${what} must be an object`);
  return value as JsonObject;
}

/** A list; absent and null are the empty list. */
export function list(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) malformed(`${what} must be an array`);
  return value as readonly unknown[];
}

/** An object in a list, where null has no meaning. */
export function item(value: unknown, what: string): JsonObject {
  return objectOrNull(value, what) ?? malformed(`${what} must be an object`);
}

/** A text; absent and null are the empty text. */
export function text(value: unknown, what: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') malformed(`${what} must be a string`);
  return value as string;
}

const UINT64_MAX = 18446744073709551615n;

/** An unsigned 64-bit integer: decimal text, or a number (exact up to 2^53). */
export function uint64(value: unknown, what: string): bigint {
  if (value === undefined || value === null || value === '') return 0n;
  const whole =
    typeof value === 'string' ? /^\d{1,20}$/.test(value) : Number.isInteger(value as number);
  const number = whole ? BigInt(value as string | number) : -1n;
  if (number < 0n || number > UINT64_MAX) malformed(`${what} must be an unsigned 64-bit integer`);
  return number;
}

/** An enum: its number, or its name of `names` after `prefix`. What is not known is 0. */
export function enumeration(value: unknown, prefix: string, names: readonly string[]): number {
  if (typeof value === 'string' && value.startsWith(prefix)) {
    return Math.max(0, names.indexOf(value.slice(prefix.length)));
  }
  const number = Number(value);
  return Number.isInteger(number) && number > 0 && number < names.length ? number : 0;
}

/** A 32-bit field as Avro's int: the same bits, signed. */
export function int32(value: unknown): number {
  const number = Number(value ?? 0);
  return Number.isInteger(number) && number >= 0 && number <= 0xffffffff ? number | 0 : 0;
}

/** Refuses JSON whose parsing would allocate too much: counts what could begin a value. */
export function boundValues(body: Buffer, values_max: number): void {
  // Each value takes two bytes at the least, so short bodies can't hold too many.
  if (body.length <= values_max) return;
  let values = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === 44 || byte === 91 || byte === 123) values++;
  }
  if (values > values_max) {
    throw new RequestRefused('too-large', `the JSON holds more than ${values_max} values`);
  }
}

/** Parses a request's text. The refusal quotes no more than a little of it. */
export function parseJson(body: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    malformed(`invalid JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  return item(parsed, 'the request');
}
