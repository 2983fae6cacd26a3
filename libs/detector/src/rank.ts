import { type Finding, type Rise, type Share, suspectsOf } from './finding';
import type { DetectorRules } from './rules';

/** Services that one event names. */
export const SUSPECTS_MAX = 3;
/** A rise with less evidence than this (one in 1,000) is no part of an event. */
export const PART_EVIDENCE_MIN = 3;

/** Which services each service was seen to call. */
export type Calls = ReadonlyMap<string, ReadonlySet<string>>;

interface Weighed {
  readonly service: string;
  excessNano: number;
  effect: number;
  evidence: number;
}

/**
 * Names the services that explain the findings, the likeliest first:
 * 1. services in which more traces fail than did, callees before their callers;
 * 2. the service that touches most of the excess self time, then the one that touches most of what that
 *    one leaves, and so on (the greedy cover of Chvátal 1979). An edge touches both of its ends, since the
 *    time between two spans can be lost at either; of equals, the callee.
 * 3. services whose spans have another shape, callees before their callers;
 * 4. the other ends of edges, in what room is left.
 */
export function rankSuspects(
  findings: readonly Finding[],
  calls: Calls,
  rules: DetectorRules,
): readonly string[] {
  const shares = findings.filter((finding): finding is Share => finding.what !== 'self-time');
  const rises = findings.filter((finding): finding is Rise => finding.what === 'self-time');
  const named: string[] = [];
  nameShares(shares, 'failures', calls, named);
  const isCause = coverRises(rises, rules, named);
  nameShares(shares, 'shape', calls, named);
  if (isCause) nameRest(rises, named);
  return named;
}

function name(service: string, named: string[]): void {
  if (named.length < SUSPECTS_MAX && !named.includes(service)) named.push(service);
}

/** Callees before their callers, which fail or give up because of them; else by evidence. */
function nameShares(
  shares: readonly Share[],
  what: Share['what'],
  calls: Calls,
  named: string[],
): void {
  const sorted = shares
    .filter((share) => share.what === what)
    .sort((a, b) => b.evidence - a.evidence);
  const services = [...new Set(sorted.flatMap(suspectsOf))];
  const isCaller = (service: string): boolean =>
    services.some((other) => other !== service && calls.get(service)?.has(other) === true);
  for (const service of services) if (!isCaller(service)) name(service, named);
  for (const service of services) name(service, named);
}

/** @returns whether any rise is strong enough to be told of */
function coverRises(rises: readonly Rise[], rules: DetectorRules, named: string[]): boolean {
  let left = rises;
  let found = false;
  while (named.length < SUSPECTS_MAX) {
    const first = weigh(left).find(
      ({ evidence, effect }) => evidence >= rules.evidence_min && effect >= rules.effect_min,
    );
    if (first === undefined) break;
    found = true;
    name(first.service, named);
    left = left.filter((rise) => !suspectsOf(rise).includes(first.service));
  }
  return found;
}

function nameRest(rises: readonly Rise[], named: string[]): void {
  for (const { service } of weigh(rises)) name(service, named);
}

/** The services that the rises touch, those with the most excess first. */
function weigh(rises: readonly Rise[]): readonly Weighed[] {
  const services = new Map<string, Weighed>();
  for (const rise of rises) {
    for (const service of suspectsOf(rise)) {
      const found = services.get(service) ?? { service, excessNano: 0, effect: 0, evidence: 0 };
      found.excessNano += rise.excessNano;
      found.effect += rise.effect;
      found.evidence = Math.max(found.evidence, rise.evidence);
      services.set(service, found);
    }
  }
  // Suspects of an edge begin with the callee, and sorting keeps the order of equals.
  return [...services.values()].sort((a, b) => b.excessNano - a.excessNano);
}
