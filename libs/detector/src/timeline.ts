import { Baselines } from './baselines';
import type { AnomalyEvent } from './event';
import type { Finding } from './finding';
import { Frontier } from './frontier';
import { Incidents } from './incident';
import type { DetectorRules } from './rules';
import {
  PANE_S,
  type SelfTimePane,
  type SeriesName,
  type SeriesPane,
  seriesKey,
} from './self-time-pane';

/** The parts of one pane that came from different batches, by series. */
type Parts = Map<string, SeriesPane[]>;

interface WindowPane {
  readonly startS: number;
  readonly parts: Parts;
  /** Series that were unusual in a window with this pane in it. */
  readonly unusual: Set<string>;
}

/**
 * Panes in order of span time, each judged once, when all partitions are past it: the last `window_s` are
 * compared, series by series, with a baseline of what came before (judgeRise, judgeShares); what is unusual
 * is put down to services (rankSuspects) and grouped into incidents. Then what left the window is learned,
 * but for self times that were unusual.
 */
export class Timeline {
  /** Panes judged. */
  judged = 0;
  /** Series of panes that came after their pane was judged, and were left out. */
  late = 0;
  readonly baselines: Baselines;
  readonly incidents = new Incidents();
  /** End of the newest pane that has come, s. */
  newestS = Number.NEGATIVE_INFINITY;
  private readonly frontier = new Frontier();
  private readonly pending = new Map<number, Parts>();
  private window: WindowPane[] = [];
  private judgedUntilS = Number.NEGATIVE_INFINITY;

  constructor(private readonly rules: DetectorRules) {
    this.baselines = new Baselines(rules);
  }

  /** Panes that wait to be judged. */
  get pendingPanes(): number {
    return this.pending.size;
  }

  /** Takes a pane of a partition. @param clockS log clock, s */
  take(pane: SelfTimePane, partition: number, partitions: number, clockS: number): void {
    const { startS, series } = pane;
    this.frontier.take(partition, startS, partitions, clockS);
    this.newestS = Math.max(this.newestS, startS + PANE_S);
    if (startS < this.judgedUntilS) {
      this.late += series.length;
      return;
    }
    const parts: Parts = this.pending.get(startS) ?? new Map();
    this.pending.set(startS, parts);
    for (const part of series) {
      const key = seriesKey(part.name);
      const known = parts.get(key);
      if (known === undefined) parts.set(key, [part]);
      else known.push(part);
    }
  }

  /** Judges the panes that are whole. @param clockS log clock, s */
  judgeWhole(clockS: number): readonly AnomalyEvent[] {
    if (this.pending.size === 0) return [];
    const until = this.frontier.judgeableS(this.rules, clockS);
    const events: AnomalyEvent[] = [];
    for (const startS of [...this.pending.keys()].sort((a, b) => a - b)) {
      const isForced = this.pending.size > this.rules.pending_panes_max;
      if (startS + PANE_S > until && !isForced) break;
      const event = this.judge(startS, this.pending.get(startS) as Parts);
      this.pending.delete(startS);
      if (event !== null) events.push(event);
    }
    return events;
  }

  private judge(startS: number, parts: Parts): AnomalyEvent | null {
    this.judgedUntilS = startS + PANE_S;
    this.judged++;
    this.slide(startS + PANE_S - this.rules.window_s);
    this.window.push({ startS, parts, unusual: new Set() });
    const findings: Finding[] = [];
    const calls = new Map<string, Set<string>>();
    for (const [key, panes] of this.windowSeries()) {
      addCall((panes[0] as SeriesPane).name, calls);
      const judged = this.baselines.judge(key, panes);
      findings.push(...judged.findings);
      if (judged.isUnusual) for (const pane of this.window) pane.unusual.add(key);
    }
    return this.incidents.judge(startS + PANE_S, findings, calls, this.rules);
  }

  /** Learns the panes that leave the window. @param from start of the first that stays, s */
  private slide(from: number): void {
    for (const { startS, parts, unusual } of this.window) {
      if (startS >= from) continue;
      this.baselines.nextPane();
      for (const [key, of] of parts) this.baselines.learn(key, of, unusual.has(key));
    }
    this.window = this.window.filter(({ startS }) => startS >= from);
  }

  private windowSeries(): ReadonlyMap<string, readonly SeriesPane[]> {
    const series = new Map<string, SeriesPane[]>();
    for (const { parts } of this.window) {
      for (const [key, panes] of parts) {
        const known = series.get(key);
        if (known === undefined) series.set(key, [...panes]);
        else known.push(...panes);
      }
    }
    return series;
  }
}

function addCall(name: SeriesName, calls: Map<string, Set<string>>): void {
  if (name.type !== 'edge') return;
  const known = calls.get(name.service);
  if (known === undefined) calls.set(name.service, new Set([name.peer]));
  else known.add(name.peer);
}
