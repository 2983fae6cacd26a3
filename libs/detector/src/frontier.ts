import type { DetectorRules } from './rules';
import { PANE_S } from './self-time-pane';

interface Reached {
  /** Log clock when it came, s. */
  readonly atS: number;
  /** End of the newest pane, s of span time. */
  readonly endS: number;
}

/**
 * How far the partitions have come on one timeline, in span time and in log time. Fragments come about in
 * the order in which their traces ended, so a pane is whole when every partition is past it by
 * `lateness_s`. A partition that has sent nothing for `idle_s` of log time is not waited for.
 */
export class Frontier {
  private firstAtS = Number.POSITIVE_INFINITY;
  private partitions = 0;
  private readonly reached = new Map<number, Reached>();

  /**
   * @param startS of the newest pane that the partition has sent, s
   * @param partitions how many there are
   * @param clockS log clock, s
   */
  take(partition: number, startS: number, partitions: number, clockS: number): void {
    this.firstAtS = Math.min(this.firstAtS, clockS);
    this.partitions = Math.max(this.partitions, partitions);
    const known = this.reached.get(partition)?.endS ?? Number.NEGATIVE_INFINITY;
    this.reached.set(partition, { atS: clockS, endS: Math.max(known, startS + PANE_S) });
  }

  /** Panes that end at or before this may be judged, s of span time; ±∞ for none and all. */
  judgeableS({ idle_s, lateness_s }: DetectorRules, clockS: number): number {
    const waitsSince = clockS - idle_s;
    if (this.reached.size < this.partitions && this.firstAtS >= waitsSince) {
      return Number.NEGATIVE_INFINITY;
    }
    let endS = Number.POSITIVE_INFINITY;
    for (const reached of this.reached.values()) {
      if (reached.atS >= waitsSince) endS = Math.min(endS, reached.endS - lateness_s);
    }
    return endS;
  }
}
