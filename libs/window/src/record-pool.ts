/** No record: the words of a pool begin with one that is never given out. */
export const NONE = 0;

/**
 * Records of a fixed number of 32-bit words in one growing array, named by the index of their first
 * word. Plain numbers in place of objects: the collector has nothing to follow.
 */
export class RecordPool {
  /** Replaced when it grows: read it anew after {@link take}. */
  words: Int32Array;
  private free = NONE;
  private end: number;

  /** @param stride words of a record */
  constructor(
    readonly stride: number,
    capacity = 256,
  ) {
    this.words = new Int32Array(stride * capacity);
    this.end = stride;
  }

  /** Words that have ever been in use: records are at multiples of the stride below. */
  get extent(): number {
    return this.end;
  }

  /** A record of zeros. */
  take(): number {
    const at = this.free;
    if (at !== NONE) {
      this.free = this.words[at] as number;
      this.words[at] = 0;
      return at;
    }
    if (this.end === this.words.length) {
      const grown = new Int32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    this.end += this.stride;
    return this.end - this.stride;
  }

  /** Takes a record back. */
  give(at: number): void {
    this.words.fill(0, at, at + this.stride);
    this.words[at] = this.free;
    this.free = at;
  }
}
