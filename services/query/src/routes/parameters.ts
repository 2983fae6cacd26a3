import { durationNanoOf } from '@spanloom/model';
import { traceIdOf } from '../jaeger/ids';
import { KIND_WORDS, storedKindOf } from '../jaeger/kinds';

/** Parameters of one request. Reading a bad one notes a problem and gives nothing; read all, then look. */
export interface Parameters {
  /** What is wrong, each naming the parameter and what it accepts. */
  readonly problems: readonly string[];
  problem(message: string): void;
  /** All values of a parameter; empty ones are as if not given. */
  all(name: string): readonly string[];
  text(name: string): string | undefined;
  /** A whole number. */
  int(name: string, accepts: { default: number; min: number; max: number }): number;
  /** A time in µs since 1970, as ns. */
  micros(name: string): bigint | undefined;
  /** A duration such as `2.5s`, as ns. */
  duration(name: string): bigint | undefined;
  /** A span kind in the spelling that is stored. */
  kind(name: string): string | undefined;
  /** One of some words; the first where none is given. */
  oneOf<W extends string>(name: string, words: readonly [W, ...W[]]): W;
  /** Trace ids of 32 characters. */
  traceIds(name: string): readonly string[];
}

/** The end of ClickHouse's DateTime64(9), in the year 2262. */
const MICROS_MAX = 9_223_372_036_000_000n;
const SHOWN_MAX = 100;

function shown(value: string): string {
  return JSON.stringify(value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value);
}

/** Reads parameters of a parsed query string: texts, and arrays of texts for those given several times. */
export function createParameters(query: unknown): Parameters {
  const values = query as Readonly<Record<string, string | readonly string[] | undefined>>;
  const problems: string[] = [];
  const bad = (name: string, value: string, accepts: string): undefined => {
    problems.push(`${name} is ${shown(value)}, but should be ${accepts}`);
  };
  const all = (name: string): readonly string[] =>
    [values[name] ?? []].flat().filter((value) => value !== '');
  const text = (name: string): string | undefined => {
    const [value, ...more] = all(name);
    if (more.length > 0) problems.push(`${name} is given ${more.length + 1} times: give it once`);
    return value;
  };
  /** Reads one value; what `read` turns down is noted. */
  const one = <T>(name: string, accepts: string, read: (value: string) => T | null) => {
    const value = text(name);
    return value === undefined ? undefined : (read(value) ?? bad(name, value, accepts));
  };
  return {
    problems,
    problem: (message) => problems.push(message),
    all,
    text,
    int(name, { default: fallback, min, max }) {
      const read = (value: string): number | null => {
        const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
        return number >= min && number <= max ? number : null;
      };
      return one(name, `a whole number from ${min} to ${max}`, read) ?? fallback;
    },
    micros: (name) =>
      one(name, 'a time in whole microseconds since 1970', (value) => {
        const micros = /^\d{1,16}$/.test(value) ? BigInt(value) : MICROS_MAX + 1n;
        return micros <= MICROS_MAX ? micros * 1000n : null;
      }),
    duration: (name) => one(name, 'a duration such as 100us, 1ms or 2.5s', durationNanoOf),
    kind: (name) => one(name, `one of ${KIND_WORDS.join(', ')}`, storedKindOf),
    oneOf: (name, words) =>
      one(
        name,
        `one of ${words.join(', ')}`,
        (value) => words.find((word) => word === value) ?? null,
      ) ?? words[0],
    traceIds: (name) =>
      all(name).flatMap(
        (value) => traceIdOf(value) ?? bad(name, value, '1 to 32 hex digits') ?? [],
      ),
  };
}
