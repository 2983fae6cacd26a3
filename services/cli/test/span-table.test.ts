import fc from 'fast-check';
import { SpanTable } from '../src/span-table';
import { TraceNumbers } from '../src/trace-numbers';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const small = fc.integer({ min: 0, max: 3 });
const key = fc.record({
  trace: small,
  hi: fc.oneof(u32, small),
  lo: fc.oneof(u32, small),
  kind: fc.integer({ min: 0, max: 5 }),
});

describe('SpanTable', () => {
  test('is a set of keys, as a Set of strings would be', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 300 }), (keys) => {
        const table = new SpanTable();
        const set = new Set<string>();
        for (const k of keys) {
          const text = JSON.stringify([k.trace, k.hi, k.lo, k.kind]);
          expect(table.add(k, 1, 2)).toBe(!set.has(text));
          set.add(text);
        }
        expect(table.size).toBe(set.size);
      }),
    );
  });

  test('keeps everything when it grows, hashes and marks too', () => {
    const table = new SpanTable();
    const at = (i: number) => ({ trace: i % 97, hi: i >>> 5, lo: i, kind: i % 6 });
    for (let i = 0; i < 50_000; i++) {
      expect(table.add(at(i), i, ~i >>> 0)).toBe(true);
      if (i === 100) expect(table.mark(at(5), 5, ~5 >>> 0)).toBe('found');
    }
    expect(table.mark(at(5), 5, ~5 >>> 0)).toBe('again');
    for (let i = 6; i < 50_000; i++) expect(table.mark(at(i), i, ~i >>> 0)).toBe('found');
    expect(table.mark(at(0), 9, 9)).toBe('changed');
    expect(table.mark(at(60_000), 0, 0)).toBe('missing');
  });
});

test('TraceNumbers gives each id one number and gives the ids back in order', () => {
  const numbers = new TraceNumbers();
  const ids = Array.from({ length: 5000 }, (_, i) => i.toString(16).padStart(32, '0'));
  for (const [i, id] of ids.entries()) {
    expect(numbers.find(id)).toBe(-1);
    expect(numbers.numberOf(id)).toBe(i);
    numbers.countSpan(i);
  }
  expect(numbers.numberOf(ids[17] as string)).toBe(17);
  numbers.countSpan(17);
  expect([numbers.spansOf(17), numbers.spansOf(18)]).toEqual([2, 1]);
  expect([...numbers.ids()]).toEqual(ids);
});
