/**
 * Where to cut UTF-8 so that no character is split: the last boundary at or before `at`.
 * Bytes that are not UTF-8 are cut at most 3 bytes earlier.
 */
export function cutEnd(source: Buffer, start: number, at: number): number {
  let end = at;
  for (let back = 0; back < 3 && end > start; back++) {
    if (((source[end] as number) & 0xc0) !== 0x80) return end;
    end--;
  }
  return end;
}

/** A 64-bit integer given as two u32 halves of its two's complement form, as decimal text. */
export function decimalText(lo: number, hi: number): string {
  const high = hi | 0;
  // Within 2^53 a double holds it exactly; only beyond is a BigInt needed.
  if (high >= -0x200000 && high < 0x200000) return String(high * 4294967296 + (lo >>> 0));
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(lo >>> 0)).toString();
}

/**
 * A double as text: the shortest form that reads back as the same double (ECMA-262
 * Number::toString), `NaN`, `Infinity` or `-Infinity`.
 */
export function doubleText(value: number): string {
  return String(value);
}

/** A double inside JSON text: what JSON has no number for becomes a string. */
export function doubleJson(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

/** The base64 text of bytes, of no more of them than `text_bytes_max` characters and one more can show. */
export function base64Text(
  source: Buffer,
  start: number,
  end: number,
  text_bytes_max: number,
): string {
  const shown = Math.min(end, start + Math.ceil((text_bytes_max + 1) / 4) * 3);
  return source.toString('base64', start, shown);
}
