import { readFileSync } from 'node:fs';

/** A fault that was injected while recording. */
export interface Fault {
  readonly unix_s: number;
  readonly service: string;
  readonly type: string;
}

/** Services named at a time, the likeliest cause first. */
export interface Named {
  readonly atS: number;
  readonly services: readonly string[];
}

/** How one fault came out. */
export interface FaultScore extends Fault {
  /** The place of the faulty service among those named in the minute after the injection; null when it is not. */
  readonly place: number | null;
  readonly named: readonly string[];
}

/** How a detector came out on a recording. */
export interface Score {
  readonly faults: number;
  /** Faults whose service is among the first three named within a minute. */
  readonly found: number;
  /** … and is the first. */
  readonly first: number;
  readonly events: number;
  /** Events more than a minute, up to four, after an injection: told late, or something else. */
  readonly late: number;
  /** Events at other times: before any fault, or long after. */
  readonly unfounded: number;
  readonly each: readonly FaultScore[];
}

const IN_TIME_S = 60;
const LATE_S = 240;
const PLACES = 3;

/** Reads a file of labelled faults. @throws when it is not an array of them */
export function readFaults(path: string): readonly Fault[] {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!Array.isArray(parsed)) throw new Error(`${path} is no array of faults`);
  return parsed as readonly Fault[];
}

/** Compares what was named with what was injected. */
export function score(events: readonly Named[], faults: readonly Fault[]): Score {
  const each = faults.map((fault): FaultScore => {
    const inTime = events.filter(({ atS }) => isAfter(atS, fault, 0, IN_TIME_S));
    const named = [...new Set(inTime.flatMap(({ services }) => services))];
    const at = named.slice(0, PLACES).indexOf(fault.service);
    return { ...fault, place: at < 0 ? null : at + 1, named };
  });
  const others = events.filter(({ atS }) => !faults.some((of) => isAfter(atS, of, 0, IN_TIME_S)));
  const late = others.filter(({ atS }) => faults.some((of) => isAfter(atS, of, IN_TIME_S, LATE_S)));
  return {
    faults: faults.length,
    found: each.filter(({ place }) => place !== null).length,
    first: each.filter(({ place }) => place === 1).length,
    events: events.length,
    late: late.length,
    unfounded: others.length - late.length,
    each,
  };
}

function isAfter(atS: number, { unix_s }: Fault, from: number, until: number): boolean {
  return atS > unix_s + from && atS <= unix_s + until;
}
