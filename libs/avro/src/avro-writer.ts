const TWO_32 = 4294967296;

/**
 * Writes Avro binary encoding (Avro 1.11 specification, "Binary Encoding") into one growing buffer
 * that is reused between messages.
 */
export class AvroWriter {
  buffer: Buffer;
  length = 0;

  constructor(capacity = 4096) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  reset(): void {
    this.length = 0;
  }

  /** Makes room for `bytes` more. */
  ensure(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  writeByte(byte: number): void {
    this.ensure(1);
    this.buffer[this.length++] = byte;
  }

  /** An Avro int or long. `value` must be a safe integer. */
  writeLong(value: number): void {
    if (value >= -1073741824 && value < 1073741824) {
      this.ensure(5);
      let z = ((value << 1) ^ (value >> 31)) >>> 0;
      const buffer = this.buffer;
      let at = this.length;
      while (z > 127) {
        buffer[at++] = (z & 127) | 128;
        z >>>= 7;
      }
      buffer[at++] = z;
      this.length = at;
      return;
    }
    const lo = value >>> 0;
    const hi = Math.floor(value / TWO_32) | 0;
    this.writeLong64(lo, hi);
  }

  /** An Avro long from the two halves of its two's complement form, without BigInt. */
  writeLong64(lo: number, hi: number): void {
    this.ensure(10);
    const sign = hi >> 31;
    let zLo = ((lo << 1) ^ sign) >>> 0;
    let zHi = (((hi << 1) | (lo >>> 31)) ^ sign) >>> 0;
    const buffer = this.buffer;
    let at = this.length;
    while (zHi !== 0 || zLo > 127) {
      buffer[at++] = (zLo & 127) | 128;
      zLo = ((zLo >>> 7) | (zHi << 25)) >>> 0;
      zHi >>>= 7;
    }
    buffer[at++] = zLo;
    this.length = at;
  }

  /** An Avro long from a BigInt within 64 bits. */
  writeBigLong(value: bigint): void {
    this.writeLong64(Number(BigInt.asUintN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }

  writeString(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.writeLong(bytes);
    this.ensure(bytes);
    this.buffer.write(text, this.length, bytes, 'utf8');
    this.length += bytes;
  }

  /** Length-prefixed bytes: an Avro `bytes`, or a `string` that is UTF-8 already. */
  writeBytes(source: Uint8Array, start = 0, end = source.length): void {
    this.writeLong(end - start);
    this.writeRaw(source, start, end);
  }

  /** Bytes as they are, without a length. */
  writeRaw(source: Uint8Array, start = 0, end = source.length): void {
    const bytes = end - start;
    this.ensure(bytes);
    const buffer = this.buffer;
    const at = this.length;
    if (bytes < 24) {
      for (let i = 0; i < bytes; i++) buffer[at + i] = source[start + i] as number;
    } else {
      buffer.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
    }
    this.length = at + bytes;
  }

  /** An Avro `fixed` given as hex; an empty text writes `bytes` zeros. */
  writeFixedHex(hex: string, bytes = hex.length / 2): void {
    this.ensure(bytes);
    if (hex.length === 0) this.buffer.fill(0, this.length, this.length + bytes);
    else this.buffer.write(hex, this.length, bytes, 'hex');
    this.length += bytes;
  }

  writeDouble(value: number): void {
    this.ensure(8);
    this.buffer.writeDoubleLE(value, this.length);
    this.length += 8;
  }

  /** What has been written, without a copy: valid until the next write or reset. */
  view(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** A copy of what has been written. */
  take(): Buffer {
    return Buffer.from(this.view());
  }
}
