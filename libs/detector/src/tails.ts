/** Lanczos' approximation, g = 7, nine terms (Lanczos 1964; coefficients by Godfrey): 15 digits. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x ≥ 0.5. */
export function lnGamma(x: number): number {
  const z = x - 1;
  let sum = LANCZOS[0] as number;
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] as number) / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

const TINY = 1e-300;
const ROUNDS_MAX = 500;
const DIGITS = 1e-10;

/**
 * ln P(X ≥ x) of a gamma distribution with shape `a` and scale 1, for the upper tail only: 0 where x is
 * not above a + 1. By the continued fraction for Γ(a, x) (Abramowitz and Stegun 6.5.31), evaluated with
 * Lentz' method.
 * @param a ≥ 0.5
 */
export function lnGammaTail(a: number, x: number): number {
  if (!(x > a + 1)) return 0;
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i <= ROUNDS_MAX; i++) {
    const an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < TINY) d = TINY;
    c = b + an / c;
    if (Math.abs(c) < TINY) c = TINY;
    d = 1 / d;
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < DIGITS) break;
  }
  return Math.min(0, a * Math.log(x) - x - lnGamma(a) + Math.log(h));
}

/** Terms of a binomial tail that are added up: each is smaller than the one before, beyond the mean. */
const TERMS_MAX = 200;

/**
 * ln P(X ≥ k) of a binomial distribution, for the upper tail only: 0 where k is not above n·p.
 * @param p 0 < p ≤ 1
 */
export function lnBinomialTail(n: number, k: number, p: number): number {
  if (p >= 1 || k <= n * p) return 0;
  const lnOdds = Math.log(p) - Math.log1p(-p);
  let term = lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1) + k * lnOdds + n * Math.log1p(-p);
  const first = term;
  let sum = 0;
  for (let i = k; i <= n && i < k + TERMS_MAX; i++) {
    sum += Math.exp(term - first);
    term += Math.log((n - i) / (i + 1)) + lnOdds;
  }
  return Math.min(0, first + Math.log(sum));
}
