import type { DetectorRules } from './rules';
import { PANE_S, type SelfTimeBatch } from './self-time-pane';

interface Reached {
  /** Numbers of the batch that was taken last. */
  firstSeq: number;
  lastSeq: number;
  part: number;
  /** Log clock when it came, s. */
  atS: number;
  /** End of the newest pane, s of span time. */
  endS: number;
}

/**
 * How far the partitions have come, in span time and in log time. Fragments come about in the order in
 * which their traces ended, so a pane is whole when every partition is past it by `lateness_s`. A
 * partition that has sent nothing for `idle_s` of log time is not waited for.
 */
export class Frontier {
  /** Log clock: the greatest append time seen, s. */
  clockS = 0;
  private firstAtS = Number.POSITIVE_INFINITY;
  private partitions = 0;
  private readonly reached = new Map<number, Reached>();

  /** @param appendS append time of a record, s */
  tick(appendS: number): void {
    this.clockS = Math.max(this.clockS, appendS);
  }

  /** Whether a batch is new: a repeat begins at or before what has been taken, and is no further part of it. */
  isNew({ partition, firstSeq, part }: SelfTimeBatch): boolean {
    const known = this.reached.get(partition);
    if (known === undefined || firstSeq > known.lastSeq) return true;
    return firstSeq === known.firstSeq && part > known.part;
  }

  take(batch: SelfTimeBatch): void {
    this.firstAtS = Math.min(this.firstAtS, this.clockS);
    this.partitions = Math.max(this.partitions, batch.partitions);
    const known = this.reached.get(batch.partition);
    let endS = known?.endS ?? Number.NEGATIVE_INFINITY;
    for (const { startS } of batch.panes) endS = Math.max(endS, startS + PANE_S);
    const { firstSeq, lastSeq, part } = batch;
    this.reached.set(batch.partition, { firstSeq, lastSeq, part, atS: this.clockS, endS });
  }

  /** Panes that end at or before this may be judged, s of span time; ±∞ for none and all. */
  judgeableS({ idle_s, lateness_s }: DetectorRules): number {
    const waitsSince = this.clockS - idle_s;
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
