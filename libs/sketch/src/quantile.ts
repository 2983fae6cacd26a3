import { bucketMidpoint } from './buckets';

/** Quantiles are given to the millionth, so that ranks are whole-number arithmetic here and in SQL. */
const MILLION = 1_000_000;

/** The greatest product that a double holds exactly. */
const SAFE = Number.MAX_SAFE_INTEGER;

/**
 * The nearest rank of quantile `q` among `count` values: the smallest whole r ≥ 1 with r ≥ q·count,
 * which is the definition "inverse of the empirical distribution function" (Hyndman and Fan 1996,
 * type 1). The median of four values is the second.
 *
 * @param q 0..1, rounded to the millionth
 * @param count whole, ≥ 1
 */
export function nearestRank(q: number, count: number): number {
  const millionths = Math.floor(q * MILLION + 0.5);
  if (millionths * count + MILLION <= SAFE) {
    return Math.max(1, Math.floor((millionths * count + MILLION - 1) / MILLION));
  }
  const rank = (BigInt(millionths) * BigInt(count) + BigInt(MILLION - 1)) / BigInt(MILLION);
  return Math.max(1, Number(rank));
}

/** Bucket indices in rising order with the weight in each, and the exact ends of the values. */
export interface BucketCounts {
  readonly indices: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  /** How many of `indices` and `counts` are in use. */
  readonly length: number;
  /** Exact least and greatest value, ns. */
  readonly min: number;
  readonly max: number;
}

/**
 * Quantiles of values kept in buckets: the middle of the bucket that holds the value of that
 * nearest rank, drawn into [min, max]. Within 1/128 of the exact value of that rank.
 *
 * @param quantiles each 0..1, in any order
 * @returns ns, in the order asked for; NaN when there is no value
 */
export function quantilesOf(buckets: BucketCounts, quantiles: readonly number[]): number[] {
  const { indices, counts, length, min, max } = buckets;
  let total = 0;
  for (let i = 0; i < length; i++) total += counts[i] as number;
  return quantiles.map((q) => {
    if (total === 0) return Number.NaN;
    const rank = nearestRank(q, total);
    let at = 0;
    let seen = counts[0] as number;
    while (seen < rank && at < length - 1) seen += counts[++at] as number;
    return Math.min(max, Math.max(min, bucketMidpoint(indices[at] as number)));
  });
}
