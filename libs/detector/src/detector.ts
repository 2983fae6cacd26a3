import { Baselines } from './baselines';
import type { AnomalyEvent } from './event';
import type { Finding } from './finding';
import { Frontier } from './frontier';
import { Incidents } from './incident';
import type { DetectorRules } from './rules';
import {
  PANE_S,
  type SelfTimeBatch,
  type SelfTimePane,
  type SeriesName,
  type SeriesPane,
  seriesKey,
} from './self-time-pane';

/** What the topic `self-times` gives: a batch, or an empty record that only says how late it is. */
export interface DetectorRecord {
  /** Append time, ms since 1970. */
  readonly appendMs: number;
  readonly batch: SelfTimeBatch | null;
}

/** Counts since the beginning. */
export interface DetectorCounters {
  /** Panes judged. */
  judged: number;
  /** Batches that had come before. */
  repeats: number;
  /** Series of panes that came after their pane was judged, and were left out. */
  late: number;
}

/** The parts of one pane that came from different batches, by series. */
type Parts = Map<string, SeriesPane[]>;

interface WindowPane {
  readonly startS: number;
  readonly parts: Parts;
  /** Series that were unusual in a window with this pane in it. */
  readonly unusual: Set<string>;
}

/**
 * Finds anomalies in the self times, failures and shapes of operations and of edges between services.
 *
 * Panes of ten seconds are judged in order of span time, each once, when all partitions are past it. The
 * last `window_s` are compared, series by series, with a baseline of what came before (see judgeRise and
 * judgeShares); what is unusual is put down to services (rankSuspects) and grouped into incidents. Then
 * what left the window is learned, but for self times that were unusual. A pure function of the records:
 * no clock but theirs. What is kept is bounded by `series_max` and `pending_panes_max`.
 */
export class Detector {
  readonly counters: DetectorCounters = { judged: 0, repeats: 0, late: 0 };
  readonly baselines: Baselines;
  readonly incidents = new Incidents();
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

  /** Applies a record; gives the events that it brings about. */
  step({ appendMs, batch }: DetectorRecord): readonly AnomalyEvent[] {
    this.frontier.tick(Math.floor(appendMs / 1000));
    if (batch !== null) this.take(batch);
    if (this.pending.size === 0) return [];
    const until = this.frontier.judgeableS(this.rules);
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

  private take(batch: SelfTimeBatch): void {
    if (!this.frontier.isNew(batch)) {
      this.counters.repeats++;
      return;
    }
    this.frontier.take(batch);
    for (const pane of batch.panes) {
      if (pane.startS < this.judgedUntilS) this.counters.late += pane.series.length;
      else this.addParts(pane);
    }
  }

  private addParts({ startS, series }: SelfTimePane): void {
    const parts: Parts = this.pending.get(startS) ?? new Map();
    this.pending.set(startS, parts);
    for (const part of series) {
      const key = seriesKey(part.name);
      const known = parts.get(key);
      if (known === undefined) parts.set(key, [part]);
      else known.push(part);
    }
  }

  private judge(startS: number, parts: Parts): AnomalyEvent | null {
    this.judgedUntilS = startS + PANE_S;
    this.counters.judged++;
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
