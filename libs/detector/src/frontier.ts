import type { DetectorRules } from './rules';

interface Reached {
  /** Log clock when it came, s. */
  readonly atS: number;
  /** Start of the newest pane, s of span time: those before it have been passed. */
  readonly startS: number;
}

interface Mark {
  readonly atS: number;
  /** What all partitions had passed at that time, s of span time. */
  readonly passedS: number;
}

/**
 * How far the partitions have come on one timeline. Fragments come about in the order in which their traces
 * ended, so a pane is whole when every partition has passed it, and `lateness_s` of log time have gone by
 * since: log time, because span time runs hundreds of times as fast while something old is imported. A
 * partition that has sent nothing for `idle_s` of log time is not waited for.
 */
export class Frontier {
  private firstAtS = Number.POSITIVE_INFINITY;
  private partitions = 0;
  private readonly reached = new Map<number, Reached>();
  /** In order of time; the first is the one that holds. */
  private marks: Mark[] = [];

  /**
   * @param startS of the newest pane that the partition has sent, s
   * @param partitions how many there are
   * @param clockS log clock, s
   */
  take(partition: number, startS: number, partitions: number, clockS: number): void {
    this.firstAtS = Math.min(this.firstAtS, clockS);
    this.partitions = Math.max(this.partitions, partitions);
    const known = this.reached.get(partition)?.startS ?? Number.NEGATIVE_INFINITY;
    this.reached.set(partition, { atS: clockS, startS: Math.max(known, startS) });
  }

  /** Panes that end at or before this may be judged, s of span time; ±∞ for none and all. */
  judgeableS({ idle_s, lateness_s }: DetectorRules, clockS: number): number {
    const passedS = this.passedS(clockS - idle_s);
    if (passedS === Number.POSITIVE_INFINITY) return passedS;
    const newest = this.marks.at(-1);
    if (newest === undefined || newest.passedS !== passedS) {
      if (newest?.atS === clockS) this.marks.pop();
      this.marks.push({ atS: clockS, passedS });
    }
    const settledS = clockS - lateness_s;
    while ((this.marks[1]?.atS ?? Number.POSITIVE_INFINITY) <= settledS) this.marks.shift();
    const [holds] = this.marks;
    return holds !== undefined && holds.atS <= settledS ? holds.passedS : Number.NEGATIVE_INFINITY;
  }

  /** What all partitions have passed that are waited for. @param waitsSince log time, s */
  private passedS(waitsSince: number): number {
    if (this.reached.size < this.partitions && this.firstAtS >= waitsSince) {
      return Number.NEGATIVE_INFINITY;
    }
    let passed = Number.POSITIVE_INFINITY;
    for (const { atS, startS } of this.reached.values()) {
      if (atS >= waitsSince) passed = Math.min(passed, startS);
    }
    return passed;
  }
}
