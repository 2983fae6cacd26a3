/**
 * Gives each trace id a number, counting from 0, and keeps how many distinct spans each trace has.
 * Ids are kept as 16 binary characters, a third of what 32 characters of hex with their object take.
 */
export class TraceNumbers {
  private readonly numbers = new Map<string, number>();
  private counts = new Uint32Array(1 << 10);

  /** Traces seen. */
  get size(): number {
    return this.numbers.size;
  }

  /** The trace's number; a new one for an id not seen before. Takes 32 hex characters. */
  numberOf(traceId: string): number {
    const key = pack(traceId);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.numbers.size;
    this.numbers.set(key, number);
    if (number >= this.counts.length) {
      const wider = new Uint32Array(this.counts.length * 2);
      wider.set(this.counts);
      this.counts = wider;
    }
    return number;
  }

  /** The trace's number, or -1 for an id not seen before. */
  find(traceId: string): number {
    return this.numbers.get(pack(traceId)) ?? -1;
  }

  /** Counts one more distinct span of a trace. */
  countSpan(number: number): void {
    this.counts[number] = (this.counts[number] ?? 0) + 1;
  }

  /** Distinct spans of a trace. */
  spansOf(number: number): number {
    return this.counts[number] ?? 0;
  }

  /** All trace ids in lower-case hex, in order of number. */
  *ids(): Generator<string> {
    for (const key of this.numbers.keys()) yield Buffer.from(key, 'latin1').toString('hex');
  }
}

function pack(traceId: string): string {
  return Buffer.from(traceId, 'hex').toString('latin1');
}
