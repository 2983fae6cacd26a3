const UNIT_NANO: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const PART = /(\d{1,15}(?:\.\d{1,9})?|\.\d{1,9})(ns|us|µs|μs|ms|s|m|h)/gy;
/** Ten years: longer than any span. */
const NANO_MAX = 315_360_000e9;

/**
 * Reads a duration as Go writes it, as Jaeger's clients do: `1ms`, `2.5s`, `1h30m`, `100us`, `0`.
 * @returns whole nanoseconds; null when it is none, or longer than ten years
 */
export function durationNanoOf(text: string): bigint | null {
  if (text === '0') return 0n;
  PART.lastIndex = 0;
  let nano = 0;
  let end = 0;
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    nano += Number(part[1]) * (UNIT_NANO[part[2] as string] as number);
    end = PART.lastIndex;
  }
  return end === 0 || end !== text.length || nano > NANO_MAX ? null : BigInt(Math.round(nano));
}
