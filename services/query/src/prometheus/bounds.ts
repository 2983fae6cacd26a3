import { BUCKET_INDEX_MAX, bucketMidpoint } from '@spanloom/sketch';

/**
 * Upper bounds of the histograms, in whole µs: 1, 2, 5 from 100 µs to 10 s, then 30 s and 1, 2, 5 and 10 minutes.
 * One more bucket has no bound.
 */
export const BOUNDS_MICROS: readonly number[] = [
  100, 200, 500, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3, 1e6, 2e6, 5e6, 10e6, 30e6,
  60e6, 120e6, 300e6, 600e6,
];

/** Per bucket of the sketch, the number of the first bound that its midpoint is not above. */
const BOUND_OF_BUCKET: Uint8Array = (() => {
  const bounds = new Uint8Array(BUCKET_INDEX_MAX + 1);
  let bound = 0;
  for (let index = 0; index <= BUCKET_INDEX_MAX; index++) {
    while (bucketMidpoint(index) > (BOUNDS_MICROS[bound] ?? Number.POSITIVE_INFINITY) * 1000)
      bound++;
    bounds[index] = bound;
  }
  return bounds;
})();

/** The number of the histogram's bucket that a duration falls into, by the midpoint of its sketch bucket. */
export function boundOf(index: number): number {
  return BOUND_OF_BUCKET[index] as number;
}

/**
 * The counters of a sketch as a cumulative histogram: for each of {@link BOUNDS_MICROS}, and without bound, how
 * many values are not above it. A bucket of the sketch counts as its midpoint, which is within 1/128 of every
 * value in it. So the count at a bound b is that of the values up to some x with b(1 − 1/128) ≤ x ≤ b(1 + 1/128).
 *
 * @param indices buckets of the sketch, in any order
 */
export function cumulativeCounts(
  indices: readonly number[],
  counts: readonly number[],
): readonly number[] {
  const cumulative = new Array<number>(BOUNDS_MICROS.length + 1).fill(0);
  for (let i = 0; i < indices.length; i++) {
    const bound = boundOf(indices[i] as number);
    cumulative[bound] = (cumulative[bound] as number) + (counts[i] as number);
  }
  for (let bound = 1; bound < cumulative.length; bound++) {
    cumulative[bound] = (cumulative[bound] as number) + (cumulative[bound - 1] as number);
  }
  return cumulative;
}
