import { BUCKET_INDEX_MAX, bucketIndex, bucketMidpoint } from '@spanloom/sketch';
import fc from 'fast-check';
import { BOUNDS_MICROS, boundOf, cumulativeCounts } from '../../src/prometheus/bounds';

const duration = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  // Around the bounds, where it matters.
  fc
    .tuple(fc.constantFrom(...BOUNDS_MICROS), fc.double({ min: 0.98, max: 1.02, noNaN: true }))
    .map(([micros, factor]) => Math.floor(micros * 1000 * factor)),
);

describe('histogram bounds', () => {
  it('counts at each bound the values up to it, the bound taken within 1/128', () => {
    fc.assert(
      fc.property(fc.array(duration, { maxLength: 60 }), (durations) => {
        const counts = new Map<number, number>();
        for (const nano of durations) {
          counts.set(bucketIndex(nano), (counts.get(bucketIndex(nano)) ?? 0) + 1);
        }
        const cumulative = cumulativeCounts([...counts.keys()], [...counts.values()]);
        expect(cumulative).toHaveLength(BOUNDS_MICROS.length + 1);
        expect(cumulative.at(-1)).toBe(durations.length);
        const upTo = (nano: number) => durations.filter((value) => value <= nano).length;
        BOUNDS_MICROS.forEach((micros, i) => {
          expect(cumulative[i]).toBeGreaterThanOrEqual(upTo(micros * 1000 * (1 - 1 / 128)));
          expect(cumulative[i]).toBeLessThanOrEqual(upTo(micros * 1000 * (1 + 1 / 128)));
        });
      }),
    );
  });

  it('puts every bucket of the sketch under the first bound that is not below its midpoint', () => {
    for (let index = 0; index <= BUCKET_INDEX_MAX; index++) {
      const first = BOUNDS_MICROS.findIndex((micros) => bucketMidpoint(index) <= micros * 1000);
      expect(boundOf(index)).toBe(first < 0 ? BOUNDS_MICROS.length : first);
    }
  });
});
