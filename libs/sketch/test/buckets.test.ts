import fc from 'fast-check';
import {
  BUCKET_INDEX_MAX,
  bucketIndex,
  bucketLow,
  bucketMidpoint,
  bucketWidth,
} from '../src/buckets';

const nanos = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.nat({ max: 62 }).chain((e) => fc.nat({ max: 1000 }).map((d) => 2 ** e + d)),
);

describe('buckets', () => {
  it('tile the whole numbers without hole or overlap, up to 2^63', () => {
    expect(bucketLow(0)).toBe(0);
    for (let index = 1; index <= BUCKET_INDEX_MAX; index++) {
      expect(bucketLow(index)).toBe(bucketLow(index - 1) + bucketWidth(index - 1));
    }
    expect(bucketLow(BUCKET_INDEX_MAX) + bucketWidth(BUCKET_INDEX_MAX)).toBe(2 ** 63);
    expect(BUCKET_INDEX_MAX).toBeLessThan(2 ** 12);
  });

  it('hold both their ends', () => {
    for (let index = 0; index <= BUCKET_INDEX_MAX; index++) {
      expect(bucketIndex(bucketLow(index))).toBe(index);
      const last = bucketLow(index) + bucketWidth(index) - 1;
      if (Number.isSafeInteger(last)) expect(bucketIndex(last)).toBe(index);
    }
  });

  it('keep values below 128 ns exactly', () => {
    for (let value = 0; value < 128; value++) {
      expect(bucketMidpoint(bucketIndex(value))).toBe(value);
    }
  });

  it('stand for every value in them within 1/128', () => {
    fc.assert(
      fc.property(nanos, (value) => {
        const error = Math.abs(bucketMidpoint(bucketIndex(value)) - value);
        expect(error).toBeLessThanOrEqual(value / 128);
      }),
      { numRuns: 2000 },
    );
  });

  it('take what is too long for the last octave, and drop fractions', () => {
    expect(bucketIndex(2 ** 63)).toBe(BUCKET_INDEX_MAX);
    expect(bucketIndex(Number.POSITIVE_INFINITY)).toBe(BUCKET_INDEX_MAX);
    expect(bucketIndex(127.9)).toBe(127);
    expect(bucketIndex(2 ** 32 - 0.5)).toBe(bucketIndex(2 ** 32 - 1));
  });
});
