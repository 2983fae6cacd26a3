/**
 * A place in Avro bytes, read forward without allocating: the sink's hot path.
 *
 * Reading past `end`, or a length that does not fit, sets `broken` and leaves the position at `end`;
 * the caller looks once, when it has read a whole value.
 */
export class AvroSource {
  // A Buffer from the start: what comes are Buffers, and code is compiled for the classes that it has seen.
  buffer: Uint8Array = Buffer.alloc(0);
  view: DataView = new DataView(this.buffer.buffer);
  at = 0;
  end = 0;
  broken = false;
  /** Two's complement halves of the value that {@link long} read last. */
  lo = 0;
  hi = 0;

  /** Begins at `start`; `buffer` must not change while it is read. */
  reset(buffer: Uint8Array, start: number, end: number): void {
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    }
    this.at = start;
    this.end = end;
    this.broken = false;
  }

  break(): 0 {
    this.broken = true;
    this.at = this.end;
    return 0;
  }

  /** An Avro int or long: exact in `lo` and `hi`; the number given is exact up to 2^53. */
  long(): number {
    const buffer = this.buffer;
    let at = this.at;
    let byte = buffer[at++] as number;
    if (byte < 128) {
      if (at > this.end) return this.break();
      this.at = at;
      const value = (byte >>> 1) ^ -(byte & 1);
      this.lo = value >>> 0;
      this.hi = value >> 31;
      return value;
    }
    let low = byte & 127;
    let mid = 0;
    let top = 0;
    for (let shift = 7; byte > 127; shift += 7) {
      if (shift > 63 || at >= this.end) return this.break();
      byte = buffer[at++] as number;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift < 56) mid |= bits << (shift - 28);
      else top |= bits << (shift - 56);
    }
    if (at > this.end) return this.break();
    this.at = at;
    const zLo = low | (mid << 28);
    const zHi = (mid >>> 4) | (top << 24);
    const sign = -(zLo & 1);
    this.lo = (((zLo >>> 1) | (zHi << 31)) ^ sign) >>> 0;
    this.hi = (zHi >>> 1) ^ sign;
    return this.hi * 4294967296 + this.lo;
  }

  /** The length of an Avro string or bytes; the position is then at its first byte, and all of it is there. */
  size(): number {
    const first = this.buffer[this.at] as number;
    let bytes: number;
    if (first < 128) {
      bytes = first >>> 1;
      this.at++;
      if ((first & 1) !== 0) return this.break();
    } else {
      bytes = this.long();
    }
    if (!(bytes >= 0 && bytes <= this.end - this.at)) bytes = this.break();
    return bytes;
  }

  /** The count of items in the next block of an array or map, 0 after the last; each takes a byte or more. */
  blockCount(): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      this.long();
    }
    return count <= this.end - this.at ? count : this.break();
  }
}
