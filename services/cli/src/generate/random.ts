/** A seeded source of numbers: the same seed gives the same sequence on every machine. */
export interface Random {
  /** A whole number in [0, 2^32). */
  u32(): number;
  /** A number in [0, 1). */
  unit(): number;
  /** A whole number in [min, max], both included. */
  int(min: number, max: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the items, each as likely. */
  pick<T>(items: readonly T[]): T;
  /** A log-normal number with the given median; `spread` is the standard deviation of its logarithm. */
  logNormal(median: number, spread: number): number;
  /** `bytes` random bytes as lower-case hex, never all zeros. */
  hex(bytes: number): string;
}

/**
 * Makes a {@link Random} from any number of 32-bit seeds, so that item i of a run can have its own
 * source: `createRandom(seed, i)`.
 *
 * Method: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * 2018), its state filled by the murmur3 finalizer.
 */
export function createRandom(...seeds: readonly number[]): Random {
  let mixed = 0x9e3779b9;
  const fill = (): number => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    return finalize(mixed);
  };
  for (const seed of seeds) {
    mixed = finalize((mixed ^ (seed >>> 0)) >>> 0);
    mixed = finalize((mixed + Math.floor(seed / 2 ** 32)) >>> 0);
  }
  let a = fill();
  let b = fill();
  let c = fill();
  let d = fill() | 1;

  const u32 = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  const unit = (): number => u32() / 2 ** 32;
  const int = (min: number, max: number): number => min + Math.floor(unit() * (max - min + 1));
  return {
    u32,
    unit,
    int,
    chance: (probability) => unit() < probability,
    pick: (items) => items[int(0, items.length - 1)] as (typeof items)[number],
    logNormal: (median, spread) => median * Math.exp(spread * gaussian(unit(), unit())),
    hex: (bytes) => {
      let text = '';
      while (text.length < bytes * 2) text += u32().toString(16).padStart(8, '0');
      const cut = text.slice(0, bytes * 2);
      return /[1-9a-f]/.test(cut) ? cut : `${'0'.repeat(bytes * 2 - 1)}1`;
    },
  };
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function finalize(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Box–Muller transform of two uniform numbers. */
function gaussian(u: number, v: number): number {
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
}
