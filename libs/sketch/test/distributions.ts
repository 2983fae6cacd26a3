/** A small seeded generator (xorshift32, Marsaglia 2003): numbers in (0, 1). */
export function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 4294967296;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

/** Ten shapes of latency, in ns: each draws one whole value. */
export const DISTRIBUTIONS: Readonly<Record<string, (random: () => number) => number>> = {
  uniform: (random) => Math.floor(random() * 1e9),
  exponential: (random) => Math.floor(-Math.log(random()) * 5e6),
  lognormal: (random) => Math.floor(Math.exp(15 + 1.5 * normal(random))),
  pareto: (random) => Math.floor(1e5 / random() ** (1 / 1.1)),
  'normal around 20 ms': (random) => Math.max(0, Math.floor(2e7 + 1e6 * normal(random))),
  'two peaks, cache hit and miss': (random) =>
    Math.floor(random() < 0.9 ? 2e4 + 1e3 * random() : 5e7 + 1e7 * random()),
  'weibull with a heavy tail': (random) => Math.floor(1e6 * (-Math.log(random())) ** 3),
  'constant with rare time-outs': (random) => (random() < 0.995 ? 1_234_567 : 30_000_000_000),
  'tens of ns': (random) => Math.floor(random() * 90),
  'log-uniform from 1 ns to an hour': (random) => Math.floor(Math.exp(random() * 28.9)),
};

/** The exact value of the nearest rank, by sorting. */
export function exactQuantile(sorted: ArrayLike<number>, q: number): number {
  const rank = Math.max(1, Math.ceil(Number((q * sorted.length).toFixed(6))));
  return sorted[rank - 1] as number;
}
