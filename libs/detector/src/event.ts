import { createHash } from 'node:crypto';
import type { Finding } from './finding';

/** An anomaly: services whose self times, failures or shape have left their baselines. */
export interface AnomalyEvent {
  /** 16 hex characters, a function of time and services: a repeat has the same. */
  readonly id: string;
  /** The id of the first event of the incident that it belongs to. */
  readonly incident: string;
  /** End of the pane in which it was seen, s of span time. */
  readonly atS: number;
  /** Newly named, the likeliest cause first; at most three. */
  readonly services: readonly string[];
  /** What made it, the largest first; at most {@link FINDINGS_MAX}. */
  readonly findings: readonly Finding[];
}

/** Findings listed in an event. */
export const FINDINGS_MAX = 12;

/** The id of an event. */
export function eventId(atS: number, services: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([atS, services]))
    .digest('hex')
    .slice(0, 16);
}
