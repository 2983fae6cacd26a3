/**
 * The bucket rule of the log-linear sketch: every octave [2^e, 2^(e+1)) is cut into 64 buckets of
 * equal width. Below 128 ns a bucket is one nanosecond wide, so values are kept exactly; above, a
 * bucket's midpoint is within 1/128 (0.79 %) of every value in it.
 *
 * The idea is that of HDR histograms (Tene) and of DDSketch's linearly interpolated mapping
 * (Masson, Rim, Lee, VLDB 2019); the layout is our own, chosen so that SQL can repeat it in one line.
 */

/** Buckets per octave. */
export const SUB_BUCKETS = 64;

const SUB_BITS = 6;

/** The greatest index: the last bucket of the octave that ends at 2^63 ns. Fits Int16 and 12 bits. */
export const BUCKET_INDEX_MAX = 56 * SUB_BUCKETS + 2 * SUB_BUCKETS - 1;

const TWO_32 = 4294967296;

/** 2^k for k = 0..56, the widths of the buckets. */
const WIDTH = Float64Array.from({ length: 57 }, (_, k) => 2 ** k);

/**
 * Takes a duration in ns (≥ 0; a fraction is dropped) and gives its bucket's index, 0..3711.
 * Values of 2^63 and more fall into the last bucket.
 */
export function bucketIndex(nanos: number): number {
  if (nanos < SUB_BUCKETS) return nanos | 0;
  if (nanos < TWO_32) {
    const value = nanos >>> 0;
    const shift = 31 - SUB_BITS - Math.clz32(value);
    return (shift << SUB_BITS) + (value >>> shift);
  }
  const high = Math.floor(nanos / TWO_32);
  if (high >= TWO_32 / 2) return BUCKET_INDEX_MAX;
  const shift = 63 - SUB_BITS - Math.clz32(high);
  return (shift << SUB_BITS) + Math.floor(nanos / (WIDTH[shift] as number));
}

/** How far the bucket's octave is above the exact range: its width is 2^shift ns. */
function shiftOf(index: number): number {
  return index < 2 * SUB_BUCKETS ? 0 : (index >> SUB_BITS) - 1;
}

/** The smallest whole number of ns in the bucket. */
export function bucketLow(index: number): number {
  const shift = shiftOf(index);
  return (index - shift * SUB_BUCKETS) * (WIDTH[shift] as number);
}

/** The bucket's width in ns: the count of whole numbers in it. */
export function bucketWidth(index: number): number {
  return WIDTH[shiftOf(index)] as number;
}

/**
 * The value that stands for a bucket: the middle of the whole numbers in it, in ns. At most 1/128
 * away from each of them; equal to the value itself below 128 ns.
 */
export function bucketMidpoint(index: number): number {
  return bucketLow(index) + (bucketWidth(index) - 1) / 2;
}
