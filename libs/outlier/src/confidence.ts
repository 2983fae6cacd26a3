/** A range that a true value lies in, with the confidence that was asked for. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Chance of being wrong at all, over everything that one answer compares. */
const ERROR_CHANCE = 0.05;

/**
 * Standard deviations on each side for two-sided bounds that all of `comparisons` hold together with 95 %:
 * each alone is wrong with 5 % / `comparisons` (Bonferroni). Whoever looks at a thousand attribute values
 * finds some that differ by chance; with this the chance is allowed for.
 *
 * The normal quantile is Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.23, within 4.5e-4.
 */
export function deviationsFor(comparisons: number): number {
  const tail = ERROR_CHANCE / Math.max(1, comparisons) / 2;
  const t = Math.sqrt(-2 * Math.log(tail));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
}

/**
 * Bounds of a share: `hits` of `all`, as Wilson has them ("Probable inference, the law of succession, and
 * statistical inference", JASA 22, 1927). Sound also for few, for none and for all; [0, 1] for none of none.
 */
export function shareBounds(hits: number, all: number, deviations: number): Bounds {
  if (all === 0) return { low: 0, high: 1 };
  const z2 = deviations * deviations;
  const share = hits / all;
  const centre = share + z2 / (2 * all);
  const half = deviations * Math.sqrt((share * (1 - share)) / all + z2 / (4 * all * all));
  const scale = 1 + z2 / all;
  return { low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}

/**
 * Bounds of the difference of two shares of independent samples: method 10 of Newcombe ("Interval estimation
 * for the difference between independent proportions", Statistics in Medicine 17, 1998), from Wilson's bounds.
 */
export function differenceBounds(
  a: { readonly hits: number; readonly all: number },
  b: { readonly hits: number; readonly all: number },
  deviations: number,
): Bounds {
  const share = ({ hits, all }: { hits: number; all: number }): number =>
    all === 0 ? 0 : hits / all;
  const [pa, pb] = [share(a), share(b)];
  const of = (s: typeof a): Bounds => shareBounds(s.hits, s.all, deviations);
  const [ba, bb] = [of(a), of(b)];
  return {
    low: pa - pb - Math.hypot(pa - ba.low, bb.high - pb),
    high: pa - pb + Math.hypot(ba.high - pa, pb - bb.low),
  };
}

/** How many there are of something, their mean, and the sum of squares of what each differs from it. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

/** The moments of some numbers and of `zeros` zeros besides. */
export function momentsOf(values: readonly number[], zeros: number): Moments {
  const count = values.length + zeros;
  const mean = count === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) + zeros * mean * mean;
  return { count, mean, squares };
}

/**
 * Bounds of the difference of two means of independent samples with variances of their own (Welch, "The
 * generalization of Student's problem", Biometrika 34, 1947), by the normal approximation: samples are of
 * hundreds. Of fewer than two values nothing is known: infinitely wide.
 */
export function meanDifferenceBounds(a: Moments, b: Moments, deviations: number): Bounds {
  const difference = a.mean - b.mean;
  if (a.count < 2 || b.count < 2) {
    return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  }
  const variance = (m: Moments): number => m.squares / (m.count - 1) / m.count;
  const half = deviations * Math.sqrt(variance(a) + variance(b));
  return { low: difference - half, high: difference + half };
}
