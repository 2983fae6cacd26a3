import fc from 'fast-check';
import {
  deviationsFor,
  differenceBounds,
  meanDifferenceBounds,
  momentsOf,
  shareBounds,
} from '../src';

describe('bounds worked by hand', () => {
  it.each([
    [1, 1.96],
    [10, 2.807],
    [1000, 4.056],
  ])('%d comparisons take %d deviations for 95 %% together', (comparisons, deviations) => {
    expect(deviationsFor(comparisons)).toBeCloseTo(deviations, 2);
  });

  // Wilson's bounds of 81 of 263, as Newcombe (1998, Table I) gives them.
  it('has the bounds of a share as published', () => {
    const { low, high } = shareBounds(81, 263, 1.95996);
    expect([low, high].map((x) => x.toFixed(4))).toEqual(['0.2553', '0.3662']);
    expect(shareBounds(0, 20, 1.95996).low).toBe(0);
    expect(shareBounds(0, 20, 1.95996).high.toFixed(4)).toBe('0.1611');
    expect(shareBounds(1, 29, 1.95996).high.toFixed(4)).toBe('0.1718');
    expect(shareBounds(0, 0, 2)).toEqual({ low: 0, high: 1 });
  });

  // 56/70 - 48/80, 9/10 - 3/10 and 10/10 - 0/10, as Newcombe (1998, Table II, method 10) gives them.
  it.each([
    [56, 70, 48, 80, '0.0524', '0.3339'],
    [9, 10, 3, 10, '0.1705', '0.8090'],
    [10, 10, 0, 10, '0.6075', '1.0000'],
  ])('%d/%d - %d/%d has the bounds as published', (a, m, b, n, low, high) => {
    const bounds = differenceBounds({ hits: a, all: m }, { hits: b, all: n }, 1.95996);
    expect([bounds.low.toFixed(4), bounds.high.toFixed(4)]).toEqual([low, high]);
  });

  it('has the bounds of a difference of means', () => {
    // Means 5 and 2, variances 4 and 1 (of samples), 4 and 4 values: sqrt(4/4 + 1/4) = 1.118.
    const a = momentsOf([5 - Math.sqrt(6), 5, 5, 5 + Math.sqrt(6)], 0);
    const b = momentsOf([2 - Math.sqrt(1.5), 2, 2, 2 + Math.sqrt(1.5)], 0);
    const bounds = meanDifferenceBounds(a, b, 2);
    expect(bounds.low).toBeCloseTo(3 - 2 * Math.sqrt(1.25), 9);
    expect(bounds.high).toBeCloseTo(3 + 2 * Math.sqrt(1.25), 9);
    expect(meanDifferenceBounds(momentsOf([1], 0), b, 2).low).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('bounds of anything', () => {
  const sample = fc
    .integer({ min: 1, max: 500 })
    .chain((all) => fc.record({ hits: fc.integer({ min: 0, max: all }), all: fc.constant(all) }));

  it('hold the observed difference, lie within what is possible, and turn round', () => {
    fc.assert(
      fc.property(sample, sample, fc.double({ min: 0.1, max: 6, noNaN: true }), (a, b, z) => {
        const { low, high } = differenceBounds(a, b, z);
        const seen = a.hits / a.all - b.hits / b.all;
        expect(low).toBeLessThanOrEqual(seen + 1e-12);
        expect(high).toBeGreaterThanOrEqual(seen - 1e-12);
        expect(low).toBeGreaterThanOrEqual(-1 - 1e-12);
        expect(high).toBeLessThanOrEqual(1 + 1e-12);
        const back = differenceBounds(b, a, z);
        expect(back.low).toBeCloseTo(-high, 9);
      }),
    );
  });

  it('of zeros count as zeros', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(values, fc.nat({ max: 20 }), (some, zeros) => {
        const short = momentsOf(some, zeros);
        const long = momentsOf([...some, ...new Array<number>(zeros).fill(0)], 0);
        expect(short.count).toBe(long.count);
        expect(short.mean).toBeCloseTo(long.mean, 6);
        expect(short.squares / (1 + long.squares)).toBeCloseTo(
          long.squares / (1 + long.squares),
          9,
        );
      }),
    );
  });
});
