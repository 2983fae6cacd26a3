import fc from 'fast-check';
import { nearestRank } from '../src/quantile';
import { Sketch } from '../src/sketch';
import { DISTRIBUTIONS, exactQuantile, seeded } from './distributions';

const QUANTILES = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

describe('sketch', () => {
  it.each(Object.keys(DISTRIBUTIONS))('%s: within 1 % after merging 1,000 panes', (name) => {
    const draw = DISTRIBUTIONS[name] as (random: () => number) => number;
    const random = seeded(0xc0ffee);
    const values = new Float64Array(200_000).map(() => draw(random));
    const panes = Array.from({ length: 1000 }, () => new Sketch());
    for (const value of values) panes[Math.floor(random() * 1000)]?.add(value);
    const merged = new Sketch();
    for (const pane of panes) merged.merge(pane.counts());

    values.sort();
    expect(merged.count).toBe(values.length);
    expect(merged.min).toBe(values[0]);
    expect(merged.max).toBe(values[values.length - 1]);
    merged.quantiles(QUANTILES).forEach((estimate, i) => {
      const exact = exactQuantile(values, QUANTILES[i] as number);
      expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(exact * 0.008);
    });
  });

  it('is the same whatever the order of adding and merging', () => {
    const value = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(fc.array(value)), (groups) => {
        const merged = new Sketch();
        for (const group of groups) {
          const part = new Sketch();
          for (const [nanos, weight] of group) part.add(nanos, weight);
          merged.merge(part.counts());
        }
        const whole = new Sketch();
        for (const [nanos, weight] of groups.flat().reverse()) whole.add(nanos, weight);
        expect(merged.counts()).toEqual(whole.counts());
        expect(merged.count).toBe(whole.count);
      }),
    );
  });

  it('counts a weight as that many values', () => {
    const weighted = new Sketch();
    weighted.add(1_000, 3);
    weighted.add(9_000, 1);
    expect(weighted.count).toBe(4);
    expect(weighted.sum).toBe(12_000);
    expect(weighted.quantile(0.75)).toBeLessThan(1_010);
    expect(weighted.quantile(0.76)).toBe(9_000);
  });

  it('answers with the value itself where there is only one', () => {
    const one = new Sketch();
    one.add(123_456_789);
    expect(one.quantiles([0, 0.5, 1])).toEqual([123_456_789, 123_456_789, 123_456_789]);
    expect(new Sketch().quantile(0.5)).toBeNaN();
  });

  it('refuses what is no duration', () => {
    expect(() => new Sketch().add(-1)).toThrow(RangeError);
    expect(() => new Sketch().add(Number.NaN)).toThrow(RangeError);
    expect(() =>
      new Sketch().merge({ min: 0, max: 0, sum: 0, indices: [4000], counts: [1] }),
    ).toThrow(RangeError);
  });
});

describe('nearest rank', () => {
  it('is the smallest rank that covers the share, without rounding errors', () => {
    expect(nearestRank(0.5, 4)).toBe(2);
    expect(nearestRank(0.5, 5)).toBe(3);
    expect(nearestRank(0, 7)).toBe(1);
    expect(nearestRank(1, 7)).toBe(7);
    expect(nearestRank(0.07, 100)).toBe(7); // 0.07 * 100 is above 7 in floating point
    expect(nearestRank(0.999, 1e15)).toBe(999e12);
  });

  it('equals the definition in whole numbers', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), fc.integer({ min: 1 }), (millionths, count) => {
        const product = BigInt(millionths) * BigInt(count);
        const exact = (product + 999_999n) / 1_000_000n;
        expect(nearestRank(millionths / 1e6, count)).toBe(Math.max(1, Number(exact)));
      }),
    );
  });
});
