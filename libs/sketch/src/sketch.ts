import { BUCKET_INDEX_MAX, bucketIndex } from './buckets';
import { quantilesOf } from './quantile';

/** The part of a pane that merges: what a reader needs to answer for any union of panes. */
export interface SketchCounts {
  /** Least and greatest value, ns; ±Infinity when empty. */
  readonly min: number;
  readonly max: number;
  /** Sum of values times weights, ns. */
  readonly sum: number;
  /** Bucket indices in rising order, and the whole weight in each. */
  readonly indices: readonly number[];
  readonly counts: readonly number[];
}

/**
 * A mergeable sketch of durations, for the read side: a window of counters over the buckets in
 * use, in one typed array. Adding and merging commute, so any order gives the same sketch.
 */
export class Sketch {
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  sum = 0;
  /** Sum of the weights. */
  count = 0;
  private low = 0;
  private window = new Float64Array(0);

  /**
   * @param nanos ≥ 0
   * @param weight a whole number ≥ 1: how many values this one stands for
   */
  add(nanos: number, weight = 1): void {
    if (!(nanos >= 0)) throw new RangeError(`duration ${nanos} is not a number ≥ 0`);
    this.addToBucket(bucketIndex(nanos), weight);
    this.sum += nanos * weight;
    if (nanos < this.min) this.min = nanos;
    if (nanos > this.max) this.max = nanos;
  }

  /** Adds what another sketch, or a stored pane, has gathered. */
  merge(other: SketchCounts): void {
    const { indices, counts } = other;
    for (let i = 0; i < indices.length; i++) {
      this.addToBucket(indices[i] as number, counts[i] as number);
    }
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  /** Quantiles in ns (see {@link quantilesOf} for the definition and the error). */
  quantiles(quantiles: readonly number[]): number[] {
    return quantilesOf({ ...this.counts(), length: this.occupied() }, quantiles);
  }

  /** One quantile in ns, NaN when nothing was added. */
  quantile(q: number): number {
    return this.quantiles([q])[0] as number;
  }

  /** The sparse form: what is sent and stored. */
  counts(): SketchCounts {
    const indices: number[] = [];
    const counts: number[] = [];
    for (let i = 0; i < this.window.length; i++) {
      const count = this.window[i] as number;
      if (count === 0) continue;
      indices.push(this.low + i);
      counts.push(count);
    }
    return { min: this.min, max: this.max, sum: this.sum, indices, counts };
  }

  private occupied(): number {
    let used = 0;
    for (const count of this.window) if (count !== 0) used++;
    return used;
  }

  private addToBucket(index: number, weight: number): void {
    const at = index - this.low;
    if (at < 0 || at >= this.window.length) this.widenTo(index);
    const slot = index - this.low;
    this.window[slot] = (this.window[slot] as number) + weight;
    this.count += weight;
  }

  /** Grows the window to hold `index`, by a quarter more than needed so that growth is rare. */
  private widenTo(index: number): void {
    if (!(index >= 0 && index <= BUCKET_INDEX_MAX)) throw new RangeError(`no bucket ${index}`);
    const length = this.window.length;
    const first = length === 0 ? index : Math.min(this.low, index);
    const last = length === 0 ? index : Math.max(this.low + length - 1, index);
    const spare = Math.max(8, (last - first) >> 2);
    const low = length > 0 && first === this.low ? first : Math.max(0, first - spare);
    const high = Math.min(BUCKET_INDEX_MAX, last === this.low + length - 1 ? last : last + spare);
    const wider = new Float64Array(high - low + 1);
    if (length > 0) wider.set(this.window, this.low - low);
    this.window = wider;
    this.low = low;
  }
}
