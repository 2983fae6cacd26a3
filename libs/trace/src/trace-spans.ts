const TWO_32 = 4294967296;
const SPANS_FIRST = 64;

/** OTLP numbers of the kinds that take part in calls. */
export const KIND_SERVER = 2;
export const KIND_CLIENT = 3;
export const KIND_PRODUCER = 4;
export const KIND_CONSUMER = 5;
/** OTLP number of the status that says that a span failed. */
export const STATUS_ERROR = 2;

/** Whether a span of the kind calls something outside its process. */
export function isExit(kind: number): boolean {
  return kind === KIND_CLIENT || kind === KIND_PRODUCER;
}

/** Whether a span of the kind is how a call enters a process. */
export function isEntry(kind: number): boolean {
  return kind === KIND_SERVER || kind === KIND_CONSUMER;
}

/**
 * The spans of one trace as columns, reused from trace to trace: what the analysis reads.
 *
 * Ids are two 32-bit halves in any byte order, as long as all spans use the same. Times are in ns; the
 * first span's start is 0, so they are exact while a trace spans less than 2^53 ns (104 days) and rounded
 * beyond. Services are numbers that the caller gives: equal numbers mean the same service.
 */
export class TraceSpans {
  count = 0;
  idLo = new Int32Array(SPANS_FIRST);
  idHi = new Int32Array(SPANS_FIRST);
  /** Both halves are 0 where a span has no parent. */
  parentLo = new Int32Array(SPANS_FIRST);
  parentHi = new Int32Array(SPANS_FIRST);
  start = new Float64Array(SPANS_FIRST);
  duration = new Float64Array(SPANS_FIRST);
  kind = new Uint8Array(SPANS_FIRST);
  status = new Uint8Array(SPANS_FIRST);
  service = new Int32Array(SPANS_FIRST);

  private baseLo = 0;
  private baseHi = 0;

  reset(): void {
    this.count = 0;
  }

  /** Sets ids of the span that {@link add} adds next, from 8 bytes at each place. */
  setIds(bytes: Uint8Array, idAt: number, parentAt: number): void {
    if (this.count === this.kind.length) this.grow();
    const i = this.count;
    this.idLo[i] = word(bytes, idAt);
    this.idHi[i] = word(bytes, idAt + 4);
    this.parentLo[i] = word(bytes, parentAt);
    this.parentHi[i] = word(bytes, parentAt + 4);
  }

  /**
   * Adds a span whose ids were set.
   * @param startLo low 32 bits of the start in ns since 1970, unsigned; `startHi` the high ones
   * @param durationNano not negative
   * @returns its index
   */
  add(
    startLo: number,
    startHi: number,
    durationNano: number,
    kind: number,
    status: number,
    service: number,
  ): number {
    const i = this.count++;
    if (i === 0) {
      this.baseLo = startLo;
      this.baseHi = startHi;
    }
    this.start[i] = (startHi - this.baseHi) * TWO_32 + (startLo - this.baseLo);
    this.duration[i] = durationNano;
    this.kind[i] = kind;
    this.status[i] = status;
    this.service[i] = service;
    return i;
  }

  /** The absolute time of a relative one, in ns since 1970. */
  unixNano(time: number): bigint {
    return (BigInt(this.baseHi) << 32n) + BigInt(this.baseLo) + BigInt(Math.round(time));
  }

  /** The whole second, since 1970, of a relative time: the same whichever span came first. */
  unixSecond(time: number): number {
    // 2^32 ns are 4 s and a rest, 2^16 of those 281,474 s and a rest: sums of rests are exact.
    const top = this.baseHi >>> 16;
    const rest = top * 976710656 + (this.baseHi & 0xffff) * 294967296 + this.baseLo;
    const carry = Math.floor(rest / 1e9);
    const baseS = top * 281474 + (this.baseHi & 0xffff) * 4 + carry;
    return Math.max(0, baseS + Math.floor((rest - carry * 1e9 + time) / 1e9));
  }

  private grow(): void {
    const size = this.kind.length * 2;
    this.idLo = grown(this.idLo, new Int32Array(size));
    this.idHi = grown(this.idHi, new Int32Array(size));
    this.parentLo = grown(this.parentLo, new Int32Array(size));
    this.parentHi = grown(this.parentHi, new Int32Array(size));
    this.start = grown(this.start, new Float64Array(size));
    this.duration = grown(this.duration, new Float64Array(size));
    this.kind = grown(this.kind, new Uint8Array(size));
    this.status = grown(this.status, new Uint8Array(size));
    this.service = grown(this.service, new Int32Array(size));
  }
}

type Column = Int32Array | Float64Array | Uint8Array;

function grown<T extends Column>(old: T, next: T): T {
  next.set(old);
  return next;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
