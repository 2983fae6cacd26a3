/**
 * Reads Avro binary encoding from a slice, checking every bound: the general path, for objects.
 * Every method throws RangeError when the bytes end early or make no sense.
 */
export class AvroCursor {
  constructor(
    readonly buffer: Buffer,
    public at: number,
    readonly end: number,
  ) {}

  private take(bytes: number): number {
    const start = this.at;
    if (bytes < 0 || bytes > this.end - start) throw new RangeError('Avro bytes end early');
    this.at = start + bytes;
    return start;
  }

  /** Steps over `bytes` and gives where they begin. */
  skip(bytes: number): number {
    return this.take(bytes);
  }

  byte(): number {
    return this.buffer[this.take(1)] as number;
  }

  boolean(): boolean {
    return this.byte() !== 0;
  }

  bigLong(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new RangeError('Avro long is longer than 10 bytes');
  }

  /** An Avro int or long that fits a JavaScript number. */
  long(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > 2 * Number.MAX_SAFE_INTEGER) throw new RangeError('Avro long exceeds 2^53');
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      scale *= 128;
    }
    throw new RangeError('Avro long is longer than 10 bytes');
  }

  double(): number {
    return this.buffer.readDoubleLE(this.take(8));
  }

  hex(bytes: number): string {
    const start = this.take(bytes);
    return this.buffer.toString('hex', start, start + bytes);
  }

  text(): string {
    const bytes = this.long();
    const start = this.take(bytes);
    return this.buffer.toString('utf8', start, start + bytes);
  }

  /** A view of an Avro `bytes` value. */
  bytes(): Buffer {
    const bytes = this.long();
    const start = this.take(bytes);
    return this.buffer.subarray(start, start + bytes);
  }

  private blocks(item: () => void): void {
    for (;;) {
      let count = this.long();
      if (count === 0) return;
      if (count < 0) {
        count = -count;
        this.long();
      }
      if (count > this.end - this.at) throw new RangeError('Avro block count exceeds its bytes');
      for (let i = 0; i < count; i++) item();
    }
  }

  array<T>(read: (cursor: AvroCursor) => T): T[] {
    const items: T[] = [];
    this.blocks(() => items.push(read(this)));
    return items;
  }

  map(): Record<string, string> {
    const entries: [string, string][] = [];
    this.blocks(() => entries.push([this.text(), this.text()]));
    return Object.fromEntries(entries);
  }
}
