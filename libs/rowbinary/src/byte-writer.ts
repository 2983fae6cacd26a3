import { ChunkPool } from './chunk-pool';

const TWO_32 = 4294967296;

/** The two characters of each byte's hex form. */
const HEX_HIGH = new Uint8Array(256);
const HEX_LOW = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const hex = byte.toString(16).padStart(2, '0');
  HEX_HIGH[byte] = hex.charCodeAt(0);
  HEX_LOW[byte] = hex.charCodeAt(1);
}

/**
 * Writes values as ClickHouse's RowBinary and Native formats hold them (ClickHouse docs, "Interfaces / Formats /
 * RowBinary") into buffers that are used again between blocks. Integers are little-endian; a String is its length as
 * LEB128, then its bytes; LowCardinality is as the type within; an Array or Map in RowBinary is its count as LEB128,
 * then its elements.
 *
 * The sink writes nearly all of its bytes through this. It has no subclasses, so that its code is compiled for one class:
 * with a dozen of them V8 gave optimized code up 58 times in a drain of 500,000 spans, instead of 35.
 */
export class ByteWriter {
  buffer: Buffer;
  /** The same memory as `buffer`. */
  words: DataView;
  /** Bytes written to `buffer`. */
  length = 0;

  /** Full buffers before `buffer`, as {@link open} left them. */
  private full: Buffer[] = [];
  private fullBytes = 0;
  /** Where `buffer` was when the row under way began. */
  private mark = 0;

  /** @param chunks where {@link open} takes buffers from */
  constructor(
    private readonly initialBytes = 64 * 1024,
    private readonly chunks: ChunkPool = new ChunkPool(),
  ) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
    this.words = new DataView(this.buffer.buffer);
  }

  /** Bytes of all that was written. */
  get byteCount(): number {
    return this.fullBytes + this.length;
  }

  /** Forgets what was written. A buffer that had to grow beyond `keepBytesMax` is given back. */
  reset(keepBytesMax = Number.POSITIVE_INFINITY): void {
    if (this.full.length > 0) {
      // The first one is this writer's own, as small as it began; the others are the pool's.
      const [own, ...pooled] = this.full as [Buffer, ...Buffer[]];
      for (const chunk of pooled) this.chunks.give(whole(chunk));
      this.chunks.give(this.buffer);
      this.use(whole(own));
      this.full = [];
      this.fullBytes = 0;
    }
    this.length = 0;
    this.mark = 0;
    if (this.buffer.length > Math.max(keepBytesMax, this.initialBytes)) {
      this.use(Buffer.allocUnsafeSlow(this.initialBytes));
    }
  }

  /**
   * Begins a row for which so many bytes should do: more are made room for by copying. A buffer that is full is set
   * aside instead of being copied into one twice its size.
   */
  open(bytes: number): void {
    if (this.length + bytes > this.buffer.length) this.makeRoom(bytes);
    this.mark = this.length;
  }

  private makeRoom(bytes: number): void {
    if (this.length === 0) {
      this.ensure(bytes);
      return;
    }
    this.full.push(this.buffer.subarray(0, this.length));
    this.fullBytes += this.length;
    this.use(this.chunks.take(bytes));
    this.length = 0;
  }

  /** Takes the row under way back. */
  undo(): void {
    this.length = this.mark;
  }

  /** Makes room for `bytes` more. */
  ensure(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.length);
    this.use(grown);
  }

  private use(buffer: Buffer): void {
    this.buffer = buffer;
    this.words = new DataView(buffer.buffer);
  }

  uint8(value: number): void {
    this.ensure(1);
    this.buffer[this.length++] = value;
  }

  uint16(value: number): void {
    this.ensure(2);
    this.words.setUint16(this.length, value, true);
    this.length += 2;
  }

  /** UInt32, DateTime, or the bits of an Int32. */
  uint32(value: number): void {
    this.ensure(4);
    this.words.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** UInt64, Int64 or DateTime64 from a safe integer. */
  int64(value: number): void {
    this.halves(value >>> 0, Math.floor(value / TWO_32) >>> 0);
  }

  /** UInt64, Int64 or DateTime64 from the halves of its two's complement form. */
  halves(lo: number, hi: number): void {
    this.ensure(8);
    this.words.setUint32(this.length, lo, true);
    this.words.setUint32(this.length + 4, hi, true);
    this.length += 8;
  }

  float64(value: number): void {
    this.ensure(8);
    this.words.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** LEB128, the length of a String, Array or Map. */
  varint(value: number): void {
    this.ensure(8);
    const buffer = this.buffer;
    let at = this.length;
    while (value > 127) {
      buffer[at++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    buffer[at++] = value;
    this.length = at;
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.ensure(bytes);
    this.buffer.write(value, this.length, bytes, 'utf8');
    this.length += bytes;
  }

  /** A String of `source[start…end)`. */
  bytes(source: Uint8Array, start = 0, end = source.length): void {
    this.varint(end - start);
    this.ensure(end - start);
    this.buffer.set(source.subarray(start, end), this.length);
    this.length += end - start;
  }

  /** A String with `count` bytes at `start` in lower-case hex. */
  hex(source: Uint8Array, start: number, count: number): void {
    this.varint(count * 2);
    this.ensure(count * 2);
    this.length = writeHex(this.buffer, this.length, source, start, count);
  }

  /** Many bytes as they are, cut in two where a buffer is full. */
  append(bytes: Uint8Array): void {
    const fits = Math.min(bytes.length, this.buffer.length - this.length);
    this.buffer.set(fits < bytes.length ? bytes.subarray(0, fits) : bytes, this.length);
    this.length += fits;
    if (fits === bytes.length) return;
    this.makeRoom(bytes.length - fits);
    this.buffer.set(bytes.subarray(fits), this.length);
    this.length += bytes.length - fits;
  }

  /** What has been written, in order and without a copy: valid until the next write or reset. */
  views(): readonly Buffer[] {
    return [...this.full, this.buffer.subarray(0, this.length)];
  }
}

/** All of the buffer that a view is of: the ones here are not slices of a shared one. */
function whole(view: Buffer): Buffer {
  return Buffer.from(view.buffer);
}

/** Writes `count` bytes of `source` from `start` as lower-case hex; gives the offset after them. */
function writeHex(
  out: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  count: number,
): number {
  for (let i = start; i < start + count; i++) {
    const byte = source[i] as number;
    out[at++] = HEX_HIGH[byte] as number;
    out[at++] = HEX_LOW[byte] as number;
  }
  return at;
}
