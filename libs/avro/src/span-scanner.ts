import { ScanFact, ScanVerdict } from './scan-layout';
import { type ScanOptions, sharedScanMemory } from './scan-memory';
import {
  type BadSpanReason,
  REASONS,
  SCAN_BAD,
  SCAN_CORRUPT,
  SCAN_END,
  SCAN_SPAN,
  type ScanResult,
} from './scan-result';

export { SPAN_BYTES_MAX, SPAN_ITEMS_MAX } from './scan-layout';
export {
  type BadSpanReason,
  SCAN_BAD,
  SCAN_CORRUPT,
  SCAN_END,
  SCAN_SPAN,
  type ScanResult,
} from './scan-result';

/** Facts of more spans than this are not kept for messages that have fewer. */
const KEPT_SPANS_MAX = 20_000;
const SPAN_FACTS: number = ScanFact.count;
const KEPT_FACTS_MAX = KEPT_SPANS_MAX * SPAN_FACTS;

/**
 * Walks over the spans of a `SpanBatch` body without decoding them: notes where each begins and
 * ends and reads the header fields; the rest is only checked for lengths that fit. A message is
 * read as a whole, in WebAssembly, when it is begun: it may not change until its last span is read.
 *
 * One scanner is reused for many messages; the fields describe the span found last. Those of the
 * header say nothing of a span that is `malformed`.
 */
export class SpanScanner {
  buffer: Buffer = Buffer.alloc(0);
  /** Producer's clock, 0 when unknown. */
  sentAtUnixMs = 0;
  spanStart = 0;
  spanEnd = 0;
  hasParent = false;
  /** `start_unix_nano` as two unsigned halves. */
  startLo = 0;
  startHi = 0;
  /** `duration_nano` as two unsigned halves. */
  durationLo = 0;
  durationHi = 0;
  kind = 0;
  statusCode = 0;
  serviceStart = 0;
  serviceEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  traceStateStart = 0;
  traceStateEnd = 0;
  /** 32 well-mixed bits of trace id, span id and kind, unsigned; 0 unless the scanner tells hashes, as the others. */
  identityHash = 0;
  /** 31 other bits of them, and one that is set. */
  identityRest = 0;
  /** 32 bits of service, name, kind and status. */
  seriesHash = 0;
  reason: BadSpanReason = 'malformed';
  /** After {@link SCAN_CORRUPT}: spans from `spanStart` on in a block without a size; 0 when a block begins there. */
  unreadSpans = 0;

  // What was found in the message, by ScanFact; where the next span's is, and the end.
  private facts = new Int32Array(0);
  private at = 0;
  private end = 0;

  private readonly asBatch: ScanOptions;
  private readonly asRaw: ScanOptions;

  /** @param options `hashes`: tell hashes of each span, which takes a sixth longer */
  constructor(options: { readonly hashes: boolean } = { hashes: false }) {
    this.asBatch = { raw: false, hashes: options.hashes };
    this.asRaw = { raw: true, hashes: options.hashes };
  }

  /** Begins at a `SpanBatch` body: `start` is after the wire header. */
  reset(buffer: Buffer, start: number, end: number): void {
    this.scan(buffer, start, end, this.asBatch);
  }

  /** Begins at spans that follow each other without block headers, as a fragment's segment holds them. */
  resetRaw(buffer: Buffer, start: number, end: number): void {
    this.scan(buffer, start, end, this.asRaw);
  }

  /** The memory is shared with other scanners: what it says is copied. */
  private scan(buffer: Buffer, start: number, end: number, options: ScanOptions): void {
    const memory = sharedScanMemory();
    memory.scan(buffer, start, end, options);
    const found = memory.facts.subarray(memory.factsAt, memory.factsEnd);
    const room = this.facts.length;
    if (found.length > room || room > KEPT_FACTS_MAX) this.facts = new Int32Array(found.length * 2);
    this.facts.set(found);
    this.at = 0;
    this.end = found.length;
    this.buffer = buffer;
    this.spanStart = start;
    this.spanEnd = start;
    this.sentAtUnixMs = memory.sentAtUnixMs;
    this.unreadSpans = memory.unreadSpans;
  }

  next(): ScanResult {
    const { facts } = this;
    let at = this.at;
    if (at >= this.end) return SCAN_END;
    // In the order of ScanFact.
    const verdict = facts[at++] as ScanVerdict;
    this.spanStart = facts[at++] as number;
    this.spanEnd = facts[at++] as number;
    if (verdict >= ScanVerdict.malformed) {
      this.at = at;
      this.reason = 'malformed';
      return verdict === ScanVerdict.corrupt ? SCAN_CORRUPT : SCAN_BAD;
    }
    this.hasParent = facts[at++] !== 0;
    this.startLo = (facts[at++] as number) >>> 0;
    this.startHi = (facts[at++] as number) >>> 0;
    this.durationLo = (facts[at++] as number) >>> 0;
    this.durationHi = (facts[at++] as number) >>> 0;
    this.kind = facts[at++] as number;
    this.statusCode = facts[at++] as number;
    this.serviceStart = facts[at++] as number;
    this.serviceEnd = facts[at++] as number;
    this.nameStart = facts[at++] as number;
    this.nameEnd = facts[at++] as number;
    this.traceStateStart = facts[at++] as number;
    this.traceStateEnd = facts[at++] as number;
    if (this.asBatch.hashes) this.readHashes(at);
    this.at += SPAN_FACTS;
    if (verdict === ScanVerdict.good) return SCAN_SPAN;
    this.reason = REASONS[verdict];
    return SCAN_BAD;
  }

  private readHashes(at: number): void {
    const { facts } = this;
    this.identityHash = (facts[at] as number) >>> 0;
    this.identityRest = facts[at + 1] as number;
    this.seriesHash = facts[at + 2] as number;
  }

  get traceIdAt(): number {
    return this.spanStart;
  }

  get spanIdAt(): number {
    return this.spanStart + 16;
  }

  get parentIdAt(): number {
    return this.spanStart + 24;
  }

  /** Where the field `flags` begins: what follows the header. */
  get restAt(): number {
    return this.traceStateEnd;
  }

  /** Exact up to 2^53 ns (104 days), rounded above. */
  get durationNano(): number {
    return (this.durationHi | 0) * 4294967296 + this.durationLo;
  }

  /** Whole milliseconds of the start. */
  get startUnixMs(): number {
    const rest = restNanos(this.startHi, this.startLo);
    const carry = Math.floor(rest / 1e9);
    const seconds = wholeSeconds(this.startHi) + carry;
    return seconds * 1000 + Math.floor((rest - carry * 1e9) / 1e6);
  }

  /** Whole second in which the span ended. */
  get endUnixS(): number {
    const rest = restNanos(this.startHi, this.startLo);
    const carry = Math.floor(rest / 1e9);
    const seconds = wholeSeconds(this.startHi) + carry;
    return seconds + Math.floor((rest - carry * 1e9 + this.durationNano) / 1e9);
  }
}

// Exact seconds from a 63-bit count of nanoseconds without BigInt: 2^48 and 2^32 ns are split into whole seconds and a
// remainder, and the remainders' sum stays below 2^53.

function wholeSeconds(hi: number): number {
  return (hi >>> 16) * 281474 + (hi & 0xffff) * 4;
}

function restNanos(hi: number, lo: number): number {
  return (hi >>> 16) * 976710656 + (hi & 0xffff) * 294967296 + lo;
}
