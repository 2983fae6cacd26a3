import { Baseline, keepPerPane, WEIGHT_MIN } from './baseline';
import type { Finding } from './finding';
import { judgeRise, learnTimes } from './judge-rise';
import { judgeShares } from './judge-share';
import { PART_EVIDENCE_MIN } from './rank';
import type { DetectorRules } from './rules';
import { PANE_S, type SeriesPane } from './self-time-pane';
import { Shares } from './shares';

/** With so much evidence (one in 100) and a quarter of the effect that counts, a series is not learned from. */
const UNUSUAL_EVIDENCE = 2;
const UNUSUAL_EFFECT = 0.25;

/** What is known of one series. */
interface Known {
  readonly times: Baseline;
  readonly shares: Shares;
}

/** What was found of one series, and whether it is too unusual to learn from. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly isUnusual: boolean;
}

const NOTHING: Judged = { findings: [], isUnusual: false };

/** The baselines of all series: bounded in number, those without weight are forgotten first. */
export class Baselines {
  /** Panes of series that had no room. */
  overflowed = 0;
  private tick = 0;
  private readonly known = new Map<string, Known>();
  private readonly keep: number;

  constructor(private readonly rules: DetectorRules) {
    this.keep = keepPerPane(rules, PANE_S);
  }

  get size(): number {
    return this.known.size;
  }

  /** Compares a window with the baseline. @param panes of the series, at least one */
  judge(key: string, panes: readonly SeriesPane[]): Judged {
    const known = this.known.get(key);
    if (known === undefined) return NOTHING;
    const { rules } = this;
    const findings: Finding[] = [];
    let isUnusual = false;
    if (known.times.total >= rules.baseline_min) {
      const rise = judgeRise(panes, known.times);
      if (rise !== null) {
        isUnusual =
          rise.evidence >= UNUSUAL_EVIDENCE && rise.effect >= rules.effect_min * UNUSUAL_EFFECT;
        if (rise.evidence >= PART_EVIDENCE_MIN && rise.traces >= rules.traces_min) {
          findings.push(rise);
        }
      }
    }
    const { shares } = known;
    if (shares.traces >= rules.baseline_min) findings.push(...judgeShares(panes, shares, rules));
    return { findings, isUnusual };
  }

  /** Begins the learning of a pane: everything known is a pane older. */
  nextPane(): void {
    this.tick++;
  }

  /**
   * Learns from a series of a pane, given in parts. Shares are always learned, self times unless they are unusual for less
   * than `adopt_s`.
   */
  learn(key: string, parts: readonly SeriesPane[], isUnusual: boolean): void {
    const known = this.find(key);
    if (known === null) {
      this.overflowed++;
      return;
    }
    const { times, shares } = known;
    times.age(this.tick, this.keep);
    shares.age(this.tick, this.keep);
    shares.add(parts);
    times.unusual = isUnusual ? times.unusual + 1 : 0;
    if (isUnusual && times.unusual * PANE_S <= this.rules.adopt_s) return;
    learnTimes(parts, times, this.rules);
  }

  private find(key: string): Known | null {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.known.size >= this.rules.series_max) this.forgetEmpty();
    if (this.known.size >= this.rules.series_max) return null;
    const made = { times: new Baseline(this.tick), shares: new Shares(this.tick) };
    this.known.set(key, made);
    return made;
  }

  private forgetEmpty(): void {
    for (const [key, { times, shares }] of this.known) {
      times.age(this.tick, this.keep);
      shares.age(this.tick, this.keep);
      if (shares.traces < WEIGHT_MIN && times.total < WEIGHT_MIN) this.known.delete(key);
    }
  }
}
