import fc from 'fast-check';
import { rankAttributes, type ValueCount } from '../src';

const value = (key: string, text: string, slow: number, rest: number): ValueCount => ({
  source: 'span',
  key,
  value: text,
  slow,
  rest,
});

describe('attributes', () => {
  it('are ranked by what is sure of the difference, the value that differs most for each', () => {
    const ranked = rankAttributes(
      [
        value('pod', 'a', 90, 300),
        value('pod', 'b', 5, 300),
        value('pod', 'c', 5, 300),
        value('region', 'eu', 60, 450),
        value('region', 'us', 40, 450),
        value('version', '1', 100, 900),
      ],
      { slow: 100, rest: 900 },
      6,
    );
    expect(ranked.map(({ key, value: text }) => `${key} ${text}`)).toEqual(['pod a']);
    const [pod] = ranked;
    expect(pod).toMatchObject({ share_slow: 0.9, share_rest: 1 / 3, lift: 0.9 / (1 / 3) });
    expect(pod?.difference).toBeCloseTo(0.5667, 4);
    // 10 points of 100 and 900 may be chance: the bounds of "eu" hold 0.
    expect(pod?.score).toBe(pod?.bounds.low);
  });

  it('show what is rarer among the slow, with its sign', () => {
    const [first] = rankAttributes(
      [value('cache', 'hit', 10, 700), value('cache', 'miss', 90, 200)],
      { slow: 100, rest: 900 },
      2,
    );
    expect(first).toMatchObject({ key: 'cache', value: 'miss' });
    const [rarer] = rankAttributes([value('cache', 'hit', 10, 700)], { slow: 100, rest: 900 }, 1);
    expect(rarer?.difference).toBeCloseTo(0.1 - 7 / 9, 9);
    expect(rarer?.score).toBe(-(rarer?.bounds.high as number));
  });

  it('have no lift over nothing', () => {
    const [first] = rankAttributes([value('k', 'v', 50, 0)], { slow: 100, rest: 100 }, 1);
    expect(first).toMatchObject({ lift: null, share_rest: 0 });
  });

  it('that are ids do not win, however many there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 400 }), (n) => {
        const ids = Array.from({ length: n }, (_, i) => value('id', `slow-${i}`, 1, 0));
        const others = Array.from({ length: n }, (_, i) => value('id', `rest-${i}`, 0, 1));
        const sizes = { slow: n, rest: n };
        expect(rankAttributes([...ids, ...others], sizes, 2 * n)).toEqual([]);
      }),
    );
  });

  it('differ by chance in fewer than one answer of twenty', () => {
    // A hundred attributes that have nothing to do with the groups, from a fixed source of numbers.
    let seed = 12345;
    const unit = (): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed / 0x7fffffff;
    };
    let found = 0;
    for (let answer = 0; answer < 200; answer++) {
      const counts = Array.from({ length: 100 }, (_, key) => {
        const share = 0.05 + 0.9 * unit();
        const hits = (n: number): number =>
          Array.from({ length: n }, unit).filter((x) => x < share).length;
        return value(String(key), 'v', hits(80), hits(300));
      });
      if (rankAttributes(counts, { slow: 80, rest: 300 }, 100).length > 0) found++;
    }
    expect(found).toBeLessThanOrEqual(10);
  });
});
