/**
 * Writes protobuf from the end of a buffer to its start: when a message's tag and length are due,
 * its bytes are already there and counted. Tags are given as field number × 8 + wire type.
 */
export class ReverseWriter {
  private buffer: Buffer;
  private at: number;

  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
    this.at = capacity;
  }

  /** Makes room for `bytes` and moves before them. */
  private back(bytes: number): number {
    if (bytes > this.at) {
      const used = this.buffer.length - this.at;
      const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, used + bytes));
      this.buffer.copy(grown, grown.length - used, this.at);
      this.at = grown.length - used;
      this.buffer = grown;
    }
    this.at -= bytes;
    return this.at;
  }

  /** An unsigned integer below 2^31. */
  private varint(value: number): void {
    let bytes = 1;
    for (let rest = value; rest > 127; rest >>>= 7) bytes++;
    let at = this.back(bytes);
    let rest = value;
    for (; rest > 127; rest >>>= 7) this.buffer[at++] = (rest & 127) | 128;
    this.buffer[at] = rest;
  }

  integer(tag: number, value: number): void {
    this.varint(value);
    this.varint(tag);
  }

  fixed64(tag: number, value: bigint): void {
    const at = this.back(8);
    this.buffer.writeBigUInt64LE(value, at);
    this.varint(tag);
  }

  fixed32(tag: number, value: number): void {
    const at = this.back(4);
    this.buffer.writeInt32LE(value | 0, at);
    this.varint(tag);
  }

  /** A string field, also when it is empty. */
  string(tag: number, text: string): void {
    const bytes = Buffer.byteLength(text);
    const at = this.back(bytes);
    this.buffer.write(text, at, bytes, 'utf8');
    this.varint(bytes);
    this.varint(tag);
  }

  /** A string field, left out when it is empty. */
  text(tag: number, text: string): void {
    if (text !== '') this.string(tag, text);
  }

  /** A bytes field given in hex, left out when it is empty. */
  hex(tag: number, hex: string): void {
    if (hex === '') return;
    const bytes = hex.length / 2;
    const at = this.back(bytes);
    this.buffer.write(hex, at, bytes, 'hex');
    this.varint(bytes);
    this.varint(tag);
  }

  /** A message field whose content `write` writes, last field first. */
  message(tag: number, write: () => void): void {
    const before = this.buffer.length - this.at;
    write();
    this.varint(this.buffer.length - this.at - before);
    this.varint(tag);
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.buffer.subarray(this.at));
  }
}
