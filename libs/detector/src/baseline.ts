import type { DetectorRules } from './rules';
import { BUCKETS, bucketNano, type SeriesPane } from './self-time-pane';

/** Panes that the first guess of the dispersion counts for, and at most all panes before the newest. */
const DISPERSION_PANES_FIRST = 6;
const DISPERSION_PANES_MAX = 60;
/** Until it has been seen: bursts of slow traces are usual. */
const DISPERSION_FIRST = 2;
/** Beyond the baseline's p99 the tail is taken to be Pareto with index 1: heavier than what is measured. */
const TAIL_SHARE = 0.01;
/** No single trace is stronger evidence than e^−12: one in 163,000. */
const SURPRISE_MAX = 12;

/** How many half lives old what is left over is forgotten at: below this weight a baseline is empty. */
export const WEIGHT_MIN = 0.5;

/** What a series' self times are as a rule: a histogram in which older panes count less. */
export class Baseline {
  readonly counts = new Float32Array(BUCKETS);
  /** Weight of all observations. */
  total = 0;
  /**
   * By how much the surprise of panes varies more than that of independent traces would: the mean square
   * of its standard scores, at least 1 (quasi-likelihood; McCullagh and Nelder 1989, section 9.2).
   */
  dispersion = DISPERSION_FIRST;
  /** Buckets outside of these are empty. */
  low = BUCKETS;
  high = -1;
  /** Panes in a row that were held to be unusual, and not learned. */
  unusual = 0;
  private panes = DISPERSION_PANES_FIRST;
  private agedAt: number;

  /** @param tick panes learned so far by the detector */
  constructor(tick: number) {
    this.agedAt = tick;
  }

  /** Makes everything older by the panes since the last time. @param keep what is left of a weight after one pane */
  age(tick: number, keep: number): void {
    if (tick === this.agedAt) return;
    const factor = keep ** (tick - this.agedAt);
    this.agedAt = tick;
    this.total *= factor;
    for (let i = this.low; i <= this.high; i++) {
      this.counts[i] = (this.counts[i] as number) * factor;
    }
  }

  add({ buckets, counts }: SeriesPane): void {
    for (let i = 0; i < buckets.length; i++) {
      const bucket = buckets[i] as number;
      const count = counts[i] as number;
      this.counts[bucket] = (this.counts[bucket] as number) + count;
      this.low = Math.min(this.low, bucket);
      this.high = Math.max(this.high, bucket);
      this.total += count;
    }
  }

  /** Takes the standard score of a usual pane's surprise into the dispersion. */
  disperse(score: number): void {
    this.dispersion = (this.dispersion * this.panes + score * score) / (this.panes + 1);
    this.panes = Math.min(DISPERSION_PANES_MAX, this.panes + 1);
  }
}

/** Reads a baseline: how surprising a self time is. One scale is reused for many baselines. */
export class SurpriseScale {
  /** Nearest-rank median and p99 of the baseline, ns. */
  medianNano = 0;
  p99Nano = 0;
  /** Mean of what exceeds the median in the baseline, ns. */
  excessNano = 0;
  private total = 0;
  private low = 0;
  private high = -1;
  private readonly tail = new Float64Array(BUCKETS);
  private tailSurprise = 0;

  load(baseline: Baseline): void {
    const { counts, total, low, high } = baseline;
    let above = 0;
    // The lowest buckets of which no more than that share is above or in them.
    let p99 = high + 1;
    let median = high + 1;
    for (let i = high; i >= low; i--) {
      above += counts[i] as number;
      this.tail[i] = above;
      if (above <= total * 0.5) median = i;
      if (above <= total * TAIL_SHARE) p99 = i;
    }
    this.total = total;
    this.low = low;
    this.high = high;
    this.medianNano = bucketNano(Math.max(0, median - 1));
    this.p99Nano = bucketNano(Math.max(0, p99 - 1));
    this.tailSurprise = Math.log(Math.min(1 / TAIL_SHARE, total + 1));
    let excess = 0;
    for (let i = median; i <= high; i++) {
      const count = counts[i] as number;
      if (count > 0) excess += count * (bucketNano(i) - this.medianNano);
    }
    this.excessNano = total > 0 ? excess / total : 0;
  }

  /**
   * −ln of the probability of a self time at least as long, as the baseline has it: the conformal p-value
   * (Laxhammar and Falkman 2014) (weight at least as long + 1) / (weight + 1), which cannot be small before
   * much has been seen; beyond p99, a Pareto tail.
   */
  surprise(bucket: number): number {
    let above = 0;
    if (bucket < this.low) above = this.total;
    else if (bucket <= this.high) above = this.tail[bucket] as number;
    const ranked = -Math.log((above + 1) / (this.total + 1));
    const nano = bucketNano(bucket);
    const far = nano > this.p99Nano ? this.tailSurprise + Math.log(nano / this.p99Nano) : 0;
    return Math.min(SURPRISE_MAX, Math.max(ranked, far));
  }
}

/** What is left of a weight after one pane with data. */
export function keepPerPane(rules: DetectorRules, pane_s: number): number {
  return 0.5 ** (pane_s / rules.half_life_s);
}
