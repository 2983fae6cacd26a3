import { type AnomalyEvent, eventId, FINDINGS_MAX } from './event';
import { type Finding, suspectsOf } from './finding';
import { type Calls, PART_EVIDENCE_MIN, rankSuspects } from './rank';
import type { DetectorRules } from './rules';

/** Events of one incident; further ones are counted and not told. */
export const INCIDENT_EVENTS_MAX = 10;

/**
 * Groups what is unusual into incidents. What touches a service that the incident has named already is
 * explained by it; an event is made when something else is unusual. After `quiet_s` without anything
 * unusual the incident is over.
 */
export class Incidents {
  /** Events not told because their incident had too many. */
  suppressed = 0;
  private id: string | null = null;
  private lastS = 0;
  private events = 0;
  private readonly named = new Set<string>();

  /** Whether an incident is open. */
  get isOpen(): boolean {
    return this.id !== null;
  }

  /**
   * @param atS end of the pane that was judged, s of span time
   * @param calls seen in the window
   */
  judge(
    atS: number,
    findings: readonly Finding[],
    calls: Calls,
    rules: DetectorRules,
  ): AnomalyEvent | null {
    if (this.id !== null && atS - this.lastS > rules.quiet_s) this.end();
    const parts = findings.filter(({ evidence }) => evidence >= PART_EVIDENCE_MIN);
    const left = parts.filter((part) => !suspectsOf(part).some((name) => this.named.has(name)));
    if (left.length < parts.length) this.lastS = atS;
    const services = rankSuspects(left, calls, rules);
    if (services.length === 0) return null;
    this.lastS = atS;
    for (const service of services) this.named.add(service);
    const id = eventId(atS, services);
    this.id ??= id;
    if (++this.events > INCIDENT_EVENTS_MAX) {
      this.suppressed++;
      return null;
    }
    return { id, incident: this.id, atS, services, findings: listed(left, services) };
  }

  private end(): void {
    this.id = null;
    this.events = 0;
    this.named.clear();
  }
}

/** The findings that touch the services: failures and shapes first, then rises by excess. */
function listed(findings: readonly Finding[], services: readonly string[]): readonly Finding[] {
  const weight = (finding: Finding): number =>
    finding.what === 'self-time' ? finding.excessNano : Number.POSITIVE_INFINITY;
  return findings
    .filter((finding) => suspectsOf(finding).some((service) => services.includes(service)))
    .sort((a, b) => {
      const [x, y] = [weight(a), weight(b)];
      return x === y ? b.evidence - a.evidence : y - x;
    })
    .slice(0, FINDINGS_MAX);
}
