import { malformed } from './outcome';

/**
 * Reads protobuf wire format (protobuf.dev, "Encoding") from a buffer. Every read is given the end
 * of the message it is in and never passes it; bytes that make no sense refuse the request.
 */
export class ProtoCursor {
  buffer: Buffer = Buffer.alloc(0);
  at = 0;
  /** The halves of the last varint or fixed64, as u32. */
  lo = 0;
  hi = 0;

  /** The next field's tag: number × 8 + wire type. Call only while `at < end`. */
  tag(end: number): number {
    const first = this.buffer[this.at] as number;
    if (first > 7 && first < 128) {
      this.at++;
      return first;
    }
    this.varint(end);
    if (this.lo < 8 || this.hi !== 0) this.fail('bad field number');
    return this.lo;
  }

  /** Reads a varint into `lo` and `hi`. */
  varint(end: number): void {
    const buffer = this.buffer;
    let at = this.at;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) break;
      const byte = buffer[at++] as number;
      const bits = byte & 127;
      if (shift < 28) {
        lo |= bits << shift;
      } else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else {
        hi |= bits << (shift - 32);
      }
      if (byte < 128) {
        this.at = at;
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        return;
      }
    }
    this.fail('bad varint');
  }

  fixed64(end: number): void {
    const at = this.at;
    if (end - at < 8) this.fail('fixed64 ends early');
    const b = this.buffer;
    this.lo = word(b, at);
    this.hi = word(b, at + 4);
    this.at = at + 8;
  }

  fixed32(end: number): number {
    const at = this.at;
    if (end - at < 4) this.fail('fixed32 ends early');
    this.at = at + 4;
    return word(this.buffer, at);
  }

  double(end: number): number {
    const at = this.at;
    if (end - at < 8) this.fail('double ends early');
    this.at = at + 8;
    return this.buffer.readDoubleLE(at);
  }

  /** Reads a length and gives where its bytes end; they start at `at`. */
  lengthEnd(end: number): number {
    let bytes = this.at < end ? (this.buffer[this.at] as number) : 128;
    if (bytes < 128) {
      this.at++;
    } else {
      this.varint(end);
      bytes = this.hi === 0 ? this.lo : Number.MAX_SAFE_INTEGER;
    }
    if (bytes > end - this.at) this.fail('a length points past its end');
    return this.at + bytes;
  }

  /** Passes over the value of a field that is not known, or has another wire type than it should. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case 0:
        this.varint(end);
        return;
      case 1:
        this.fixed64(end);
        return;
      case 2:
        this.at = this.lengthEnd(end);
        return;
      case 5:
        this.fixed32(end);
        return;
      default:
        this.fail(`wire type ${tag & 7} is not used in OTLP`);
    }
  }

  fail(what: string): never {
    return malformed(`invalid protobuf at byte ${this.at}: ${what}`);
  }
}

function word(b: Buffer, at: number): number {
  return (
    ((b[at] as number) |
      ((b[at + 1] as number) << 8) |
      ((b[at + 2] as number) << 16) |
      ((b[at + 3] as number) << 24)) >>>
    0
  );
}
