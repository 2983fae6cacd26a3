/** A set of spans by (trace, span id, kind): exact, and about 20 to 40 bytes for each of them. */
export interface SpanSet {
  readonly size: number;
  /**
   * @param trace number of the trace, below 2^29
   * @param spanHi,spanLo halves of the span id, u32
   * @param kind 0..5
   * @returns whether it was not in the set before
   */
  add(trace: number, spanHi: number, spanLo: number, kind: number): boolean;
}

const WORDS = 3;
/** Linear probing stays short up to here. */
const LOAD_MAX = 0.6;

/** Open addressing in one typed array: a Set of strings takes four times the memory for millions of spans. */
export function createSpanSet(capacity = 1 << 16): SpanSet {
  let slots = 2 ** Math.ceil(Math.log2(Math.max(16, capacity)));
  let table = new Uint32Array(slots * WORDS);
  let size = 0;

  /** Puts a span in; `tag` is never 0, which marks a free slot. */
  const insert = (tag: number, hi: number, lo: number): boolean => {
    const mask = slots - 1;
    for (let slot = hash(tag, hi, lo) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      if (table[at] === 0) {
        table[at] = tag;
        table[at + 1] = hi;
        table[at + 2] = lo;
        return true;
      }
      if (table[at] === tag && table[at + 1] === hi && table[at + 2] === lo) return false;
    }
  };
  const grow = (): void => {
    const old = table;
    slots *= 2;
    table = new Uint32Array(slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at] !== 0) insert(old[at] as number, old[at + 1] as number, old[at + 2] as number);
    }
  };
  return {
    get size() {
      return size;
    },
    add(trace, spanHi, spanLo, kind) {
      if (size >= slots * LOAD_MAX) grow();
      // Kinds end at 5, so kind + 1 fits three bits and no tag is 0.
      const added = insert(trace * 8 + kind + 1, spanHi >>> 0, spanLo >>> 0);
      if (added) size++;
      return added;
    },
  };
}

/** Multiplicative mixing with odd constants; ids are random already, except those of made-up tests. */
function hash(a: number, b: number, c: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}
