import fc from 'fast-check';
import { lnBinomialTail, lnGamma, lnGammaTail } from '../src/tails';

test('ln Γ of whole numbers and of a half', () => {
  let factorial = 1;
  for (let n = 1; n <= 20; n++) {
    expect(lnGamma(n)).toBeCloseTo(Math.log(factorial), 10);
    factorial *= n;
  }
  expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 10);
});

/** For whole a: e^−x Σ x^k / k! (a Poisson distribution's lower tail). */
function erlangTail(a: number, x: number): number {
  let term = Math.exp(-x);
  let sum = term;
  for (let k = 1; k < a; k++) {
    term *= x / k;
    sum += term;
  }
  return sum;
}

test('the gamma tail is that of Erlang’s distribution for whole shapes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 1.1, max: 6, noNaN: true }),
      (a, times) => {
        const x = a * times + 1.5;
        expect(lnGammaTail(a, x)).toBeCloseTo(Math.log(erlangTail(a, x)), 6);
      },
    ),
  );
  expect(lnGammaTail(5, 3)).toBe(0);
  expect(lnGammaTail(500, 5_000)).toBeLessThan(-1_000);
});

test('the binomial tail is the sum of its terms', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.nat(40),
      fc.double({ min: 0.001, max: 0.9, noNaN: true }),
      (n, some, p) => {
        const k = Math.min(n, some);
        let sum = 0;
        for (let i = k; i <= n; i++) {
          let ways = 1;
          for (let j = 0; j < i; j++) ways *= (n - j) / (j + 1);
          sum += ways * p ** i * (1 - p) ** (n - i);
        }
        const expected = k <= n * p ? 0 : Math.log(sum);
        expect(lnBinomialTail(n, k, p)).toBeCloseTo(expected, 6);
      },
    ),
  );
});
