import fc from 'fast-check';
import { ADJUSTED_COUNT_MAX, adjustedCount, wholeCount } from '../src/weight';

function count(traceState: string): number {
  const bytes = Buffer.from(`##${traceState}##`);
  return adjustedCount(bytes, 2, bytes.length - 2);
}

describe('adjusted count', () => {
  it.each([
    ['ot=th:8', 2],
    ['ot=th:c', 4],
    ['ot=th:0', 1],
    ['ot=rv:abcdef01234567;th:fd70a4', 2 ** 56 / (2 ** 56 - 0xfd70a400000000)],
    ['vendor=th:c, ot=th:8', 2],
    ['vendor=1,ot=p:8;th:c ,x=y', 4],
  ])('%s stands for %f spans', (traceState, expected) => {
    expect(count(traceState)).toBeCloseTo(expected, 9);
  });

  it.each([
    '',
    'vendor=ot=th:8',
    'ot=p:8',
    'ot=th:',
    'ot=th:xyz',
    'ot=th:8C',
    'ot=th:123456789012345',
    'ot=ath:8',
    'ot',
    'ot=t',
  ])('is 1 for %p', (traceState) => {
    expect(count(traceState)).toBe(1);
  });

  it('is bounded', () => {
    expect(count('ot=th:ffffffffffffff')).toBe(ADJUSTED_COUNT_MAX);
  });

  it('does not read past the end', () => {
    const bytes = Buffer.from('ot=th:8');
    expect(adjustedCount(bytes, 0, 6)).toBe(1);
    expect(adjustedCount(bytes, 0, 2)).toBe(1);
  });
});

describe('whole count', () => {
  it('is on average what it rounds', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 100, noNaN: true }), (adjusted) => {
        let sum = 0;
        for (let i = 0; i < 1000; i++) sum += wholeCount(adjusted, (i * 4294967296) / 1000);
        expect(Math.abs(sum / 1000 - adjusted)).toBeLessThanOrEqual(0.001);
      }),
    );
  });

  it('keeps whole numbers', () => {
    expect(wholeCount(4, 0)).toBe(4);
    expect(wholeCount(4, 0xffffffff)).toBe(4);
  });
});
