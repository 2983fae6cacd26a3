const FIRST_SLOTS = 1 << 11;
/** Bits of a key that hold the bucket's index; the pane's number is above. */
const INDEX_BITS = 12;
/** Panes are numbered below this, so that pane and bucket fit 32 bits. */
export const PANE_NUMBER_MAX = 2 ** (32 - INDEX_BITS) - 2;

/** The counters of one pane in the order of their buckets, as {@link BucketTable.sorted} lays them out. */
export interface SortedBuckets {
  /** `pane · 4096 + bucket`, rising. */
  readonly keys: Uint32Array;
  readonly counts: Float64Array;
}

/** The bucket's index of a key. */
export function bucketOfKey(key: number): number {
  return key & ((1 << INDEX_BITS) - 1);
}

/** The pane's number of a key. */
export function paneOfKey(key: number): number {
  return key >>> INDEX_BITS;
}

/**
 * The counters of all open panes in one open-addressing table keyed by (pane, bucket): 12 bytes a
 * slot, nothing per pane, so ten thousand panes of a few spans cost as little as one of many.
 */
export class BucketTable {
  size = 0;
  private slots = FIRST_SLOTS;
  /** Key + 1; 0 is an empty slot. */
  private keys = new Uint32Array(FIRST_SLOTS);
  private counts = new Float64Array(FIRST_SLOTS);

  /** Adds `weight` to the pane's bucket. */
  add(pane: number, bucket: number, weight: number): void {
    const key = ((pane << INDEX_BITS) | bucket) + 1;
    const slot = this.slotOf(key >>> 0);
    if (this.keys[slot] !== 0) {
      this.counts[slot] = (this.counts[slot] as number) + weight;
      return;
    }
    this.keys[slot] = key;
    this.counts[slot] = weight;
    if (++this.size * 3 > this.slots * 2) this.grow();
  }

  /** Every counter, sorted by pane and then bucket. */
  sorted(): SortedBuckets {
    const keys = new Uint32Array(this.size);
    let n = 0;
    for (const key of this.keys) if (key !== 0) keys[n++] = key;
    keys.sort();
    const counts = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const key = keys[i] as number;
      counts[i] = this.counts[this.slotOf(key)] as number;
      keys[i] = key - 1;
    }
    return { keys, counts };
  }

  clear(): void {
    if (this.size === 0) return;
    this.keys.fill(0);
    this.size = 0;
  }

  /** Bytes held by the table. */
  get bytes(): number {
    return this.slots * 12;
  }

  private slotOf(key: number): number {
    const mask = this.slots - 1;
    let slot = Math.imul(key ^ (key >>> 15), 0x9e3779b1);
    slot = (slot ^ (slot >>> 15)) & mask;
    for (;;) {
      const found = this.keys[slot];
      if (found === 0 || found === key) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    const { keys, counts } = this;
    this.slots *= 2;
    this.keys = new Uint32Array(this.slots);
    this.counts = new Float64Array(this.slots);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as number;
      if (key === 0) continue;
      const slot = this.slotOf(key);
      this.keys[slot] = key;
      this.counts[slot] = counts[i] as number;
    }
  }
}
