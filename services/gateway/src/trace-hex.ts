const DIGITS = Buffer.from('0123456789abcdef');

/** Writes the 16 bytes at `source[at…]` as 32 lower-case hex characters into `target`. */
export function writeTraceHex(source: Buffer, at: number, target: Buffer): void {
  for (let i = 0; i < 16; i++) {
    const byte = source[at + i] as number;
    target[i * 2] = DIGITS[byte >>> 4] as number;
    target[i * 2 + 1] = DIGITS[byte & 15] as number;
  }
}
