import fc from 'fast-check';
import { createSpanSet } from '../../src/import/span-set';

describe('createSpanSet', () => {
  test('says of every span what a Set of texts says', () => {
    const u32 = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xffffffff }));
    const span = fc.tuple(fc.nat(20), u32, u32, fc.nat(5));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 200 }), (spans) => {
        const set = createSpanSet(16);
        const texts = new Set<string>();
        for (const [trace, hi, lo, kind] of spans) {
          const key = `${trace} ${hi} ${lo} ${kind}`;
          expect(set.add(trace, hi, lo, kind)).toBe(!texts.has(key));
          texts.add(key);
          expect(set.size).toBe(texts.size);
        }
      }),
    );
  });

  test('holds ids that count up, across many growths', () => {
    const set = createSpanSet(16);
    for (let i = 0; i < 200_000; i++) set.add(i >> 5, 0, i, i % 6);
    for (let i = 0; i < 200_000; i++) expect(set.add(i >> 5, 0, i, i % 6)).toBe(false);
    expect(set.size).toBe(200_000);
  });
});
