/** What {@link SpanScanner.next} found: compare with these constants. */
export const SCAN_SPAN = 0;
export const SCAN_END = 1;
/** A span that breaks a rule; it was skipped, the next one can be read. */
export const SCAN_BAD = 2;
/** Bytes that cannot be read from here on; the rest of the message is lost to the reader. */
export const SCAN_CORRUPT = 3;
export type ScanResult = typeof SCAN_SPAN | typeof SCAN_END | typeof SCAN_BAD | typeof SCAN_CORRUPT;

/** Why a span, or the rest of a message, was refused. */
export type BadSpanReason =
  | 'trace-id'
  | 'span-id'
  | 'service-empty'
  | 'duration'
  | 'start'
  | 'kind'
  | 'status'
  | 'too-large'
  | 'malformed';

/** Largest span accepted, in Avro bytes. */
export const SPAN_BYTES_MAX = 512 * 1024;
/** Most attributes in one map, events or links in one span. */
export const SPAN_ITEMS_MAX = 20_000;
/** The least a span can take: 32 bytes of ids and 15 one-byte fields. */
const SPAN_BYTES_MIN = 46;

/**
 * Walks over the spans of a `SpanBatch` body without decoding them: notes where each begins and
 * ends and reads the header fields; the rest is only checked for lengths that fit.
 *
 * One scanner is reused for many messages; the fields describe the span found last.
 */
export class SpanScanner {
  buffer: Buffer = Buffer.alloc(0);
  /** Producer's clock, 0 when unknown. */
  sentAtUnixMs = 0;
  spanStart = 0;
  spanEnd = 0;
  traceIdAt = 0;
  spanIdAt = 0;
  parentIdAt = 0;
  hasParent = false;
  /** `start_unix_nano` as two unsigned halves. */
  startLo = 0;
  startHi = 0;
  /** Whole milliseconds of the start. */
  startUnixMs = 0;
  /** Exact up to 2^53 ns (104 days), rounded above. */
  durationNano = 0;
  /** `duration_nano` as two unsigned halves. */
  durationLo = 0;
  durationHi = 0;
  /** Whole second in which the span ended. */
  endUnixS = 0;
  kind = 0;
  statusCode = 0;
  serviceStart = 0;
  serviceEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  traceStateStart = 0;
  traceStateEnd = 0;
  /** Where the field `flags` begins: what follows the header. */
  restAt = 0;
  reason: BadSpanReason = 'malformed';
  /** After {@link SCAN_CORRUPT}: spans from `spanStart` on in a block without a size; 0 when a block begins there. */
  unreadSpans = 0;

  private at = 0;
  private end = 0;
  private blockLeft = 0;
  private blockEnd = -1;
  private raw = false;
  private lo = 0;
  private hi = 0;

  /** Begins at a `SpanBatch` body: `start` is after the wire header. */
  reset(buffer: Buffer, start: number, end: number): void {
    this.begin(buffer, start, end);
    this.raw = false;
    this.sentAtUnixMs = this.readLong();
  }

  /** Begins at spans that follow each other without block headers, as a fragment's segment holds them. */
  resetRaw(buffer: Buffer, start: number, end: number): void {
    this.begin(buffer, start, end);
    this.raw = true;
    this.sentAtUnixMs = 0;
  }

  private begin(buffer: Buffer, start: number, end: number): void {
    this.buffer = buffer;
    this.at = start;
    this.end = end;
    this.blockLeft = 0;
    this.blockEnd = -1;
    this.spanStart = start;
    this.spanEnd = start;
  }

  next(): ScanResult {
    if (this.blockLeft === 0) {
      const found = this.raw ? this.nextRaw() : this.nextBlock();
      if (found !== SCAN_SPAN) return found;
    }
    this.blockLeft--;
    this.spanStart = this.at;
    const bad = this.readSpan();
    const sized = this.blockEnd >= 0;
    const limit = sized ? this.blockEnd : this.end;
    const misfit = this.at > limit || (sized && this.blockLeft === 0 && this.at !== limit);
    if (bad === 'malformed' || misfit) return this.malformed(sized);
    this.spanEnd = this.at;
    if (bad === null && this.at - this.spanStart <= SPAN_BYTES_MAX) return SCAN_SPAN;
    this.reason = bad ?? 'too-large';
    return SCAN_BAD;
  }

  private nextRaw(): ScanResult {
    if (this.at === this.end) return SCAN_END;
    this.blockLeft = 1;
    return SCAN_SPAN;
  }

  private nextBlock(): ScanResult {
    this.spanStart = this.at;
    let count = this.readLong();
    this.blockEnd = -1;
    if (count < 0) {
      count = -count;
      const size = this.readLong();
      this.blockEnd = this.at + size;
      if (size < 0 || this.blockEnd > this.end) return this.corrupt();
    }
    if (this.at > this.end) return this.corrupt();
    if (count === 0) return this.at === this.end ? SCAN_END : this.corrupt();
    const left = (this.blockEnd >= 0 ? this.blockEnd : this.end) - this.at;
    // A sized block whose count is a lie can still be skipped: leave that to the span's own check.
    if (this.blockEnd < 0 && count > left / SPAN_BYTES_MIN) return this.corrupt();
    this.blockLeft = count;
    return SCAN_SPAN;
  }

  /** With a block size, one broken span costs its block; without, nothing after it can be found. */
  private malformed(sized: boolean): ScanResult {
    if (!sized) {
      const left = this.blockLeft + 1;
      const found = this.corrupt();
      this.unreadSpans = left;
      return found;
    }
    this.at = this.blockEnd;
    this.spanEnd = this.blockEnd;
    this.blockLeft = 0;
    this.reason = 'malformed';
    return SCAN_BAD;
  }

  private corrupt(): ScanResult {
    this.spanEnd = this.end;
    this.at = this.end;
    this.blockLeft = 0;
    this.raw = true; // the next call says SCAN_END
    this.unreadSpans = 0;
    this.reason = 'malformed';
    return SCAN_CORRUPT;
  }

  /** Reads one span from `at`; null when it is good. */
  private readSpan(): BadSpanReason | null {
    const buffer = this.buffer;
    const start = this.at;
    if (this.end - start < SPAN_BYTES_MIN) return 'malformed';
    this.traceIdAt = start;
    this.spanIdAt = start + 16;
    this.parentIdAt = start + 24;
    this.at = start + 32;
    let bad: BadSpanReason | null = null;
    if (allZero(buffer, start, 16)) bad = 'trace-id';
    else if (allZero(buffer, start + 16, 8)) bad = 'span-id';
    this.hasParent = !allZero(buffer, start + 24, 8);
    this.readLong();
    this.startLo = this.lo;
    this.startHi = this.hi;
    if (this.hi > 0x7fffffff) bad ??= 'start';
    this.durationNano = this.readLong();
    this.durationLo = this.lo;
    this.durationHi = this.hi;
    if (this.hi > 0x7fffffff) bad ??= 'duration';
    this.setTimes();
    this.kind = this.readLong();
    if (this.kind < 0 || this.kind > 5) bad ??= 'kind';
    this.statusCode = this.readLong();
    if (this.statusCode < 0 || this.statusCode > 2) bad ??= 'status';
    if (!this.skipString()) return 'malformed';
    this.serviceStart = this.lo;
    this.serviceEnd = this.at;
    if (this.serviceStart === this.serviceEnd) bad ??= 'service-empty';
    if (!this.skipString()) return 'malformed';
    this.nameStart = this.lo;
    this.nameEnd = this.at;
    if (!this.skipString()) return 'malformed';
    this.traceStateStart = this.lo;
    this.traceStateEnd = this.at;
    this.restAt = this.at;
    const rest = this.skipRest();
    return rest === null ? bad : rest;
  }

  /**
   * Exact seconds from a 63-bit count of nanoseconds without BigInt: 2^48 and 2^32 ns are split
   * into whole seconds and a remainder, and the remainders' sum stays below 2^53.
   */
  private setTimes(): void {
    const top = this.startHi >>> 16;
    const mid = this.startHi & 0xffff;
    const rest = top * 976710656 + mid * 294967296 + this.startLo;
    const carry = Math.floor(rest / 1e9);
    const seconds = top * 281474 + mid * 4 + carry;
    const nanos = rest - carry * 1e9;
    this.startUnixMs = seconds * 1000 + Math.floor(nanos / 1e6);
    this.endUnixS = seconds + Math.floor((nanos + this.durationNano) / 1e9);
  }

  private skipRest(): BadSpanReason | null {
    this.readLong();
    if (!this.skipString() || !this.skipString() || !this.skipString()) return 'malformed';
    let bad = this.skipMap();
    if (bad === 'malformed') return bad;
    bad = this.skipMap() ?? bad;
    if (bad === 'malformed') return bad;
    bad = this.skipArray(false) ?? bad;
    if (bad === 'malformed') return bad;
    bad = this.skipArray(true) ?? bad;
    return this.at > this.end ? 'malformed' : bad;
  }

  /** The number of items in the next block of a map or array, 0 at its end, -1 when malformed. */
  private blockCount(): number {
    let count = this.readLong();
    if (count < 0) {
      count = -count;
      this.readLong();
    }
    return this.at > this.end || count > this.end - this.at ? -1 : count;
  }

  private skipMap(): BadSpanReason | null {
    let total = 0;
    for (;;) {
      const count = this.blockCount();
      if (count < 0) return 'malformed';
      if (count === 0) return total > SPAN_ITEMS_MAX ? 'too-large' : null;
      total += count;
      for (let i = count * 2; i > 0; i--) if (!this.skipString()) return 'malformed';
    }
  }

  private skipArray(links: boolean): BadSpanReason | null {
    let total = 0;
    let bad: BadSpanReason | null = null;
    for (;;) {
      const count = this.blockCount();
      if (count < 0) return 'malformed';
      if (count === 0) return total > SPAN_ITEMS_MAX ? 'too-large' : bad;
      total += count;
      for (let i = 0; i < count; i++) {
        if (links) this.at += 24;
        else this.readLong();
        if (!this.skipString()) return 'malformed';
        const found = this.skipMap();
        if (found === 'malformed') return found;
        bad ??= found;
      }
    }
  }

  /** Leaves the text's first byte in `lo`, and `at` after its last. */
  private skipString(): boolean {
    const buffer = this.buffer;
    const first = buffer[this.at] as number;
    let bytes: number;
    if (first < 128 && (first & 1) === 0) {
      this.at++;
      bytes = first >>> 1;
    } else {
      bytes = this.readLong();
    }
    const start = this.at;
    if (!(bytes >= 0 && bytes <= this.end - start)) return false;
    this.lo = start;
    this.at = start + bytes;
    return true;
  }

  /**
   * An Avro long: the value as a number, its two's complement halves in `lo` and `hi`. Past the end,
   * or longer than 10 bytes, it leaves `at` beyond `end`, which every caller checks.
   */
  private readLong(): number {
    const buffer = this.buffer;
    let at = this.at;
    let byte = buffer[at++] as number;
    if (byte < 128) {
      this.at = at;
      const value = (byte >>> 1) ^ -(byte & 1);
      this.lo = value >>> 0;
      this.hi = value < 0 ? 0xffffffff : 0;
      return value;
    }
    let low = byte & 127;
    let mid = 0;
    let top = 0;
    let shift = 7;
    while (byte > 127 && shift < 70) {
      byte = buffer[at++] as number;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift < 56) mid |= bits << (shift - 28);
      else top |= bits << (shift - 56);
      shift += 7;
    }
    this.at = byte < 128 && at <= this.end ? at : this.end + 1;
    const zLo = (low | (mid << 28)) >>> 0;
    const zHi = ((mid >>> 4) | (top << 24)) >>> 0;
    const sign = -(zLo & 1);
    this.lo = (((zLo >>> 1) | (zHi << 31)) ^ sign) >>> 0;
    this.hi = ((zHi >>> 1) ^ sign) >>> 0;
    return (this.hi | 0) * 4294967296 + this.lo;
  }
}

function allZero(buffer: Buffer, at: number, bytes: number): boolean {
  for (let i = at; i < at + bytes; i++) if (buffer[i] !== 0) return false;
  return true;
}
