import type { AnomalyEvent } from './event';
import type { DetectorRules } from './rules';
import type { SelfTimeBatch } from './self-time-pane';
import { Timeline } from './timeline';

/** What the topic `self-times` gives: a batch, or an empty record that only says how late it is. */
export interface DetectorRecord {
  /** Append time, ms since 1970. */
  readonly appendMs: number;
  readonly batch: SelfTimeBatch | null;
}

/** Counts since the beginning. */
export interface DetectorCounters {
  /** Panes judged. */
  readonly judged: number;
  /** Batches that had come before. */
  readonly repeats: number;
  /** Series of panes that came after their pane was judged, or lie in the future, and were left out. */
  readonly late: number;
  /** Series of panes for which there was no room among the baselines. */
  readonly unjudged: number;
  /** Events that were not told, because their incident had too many. */
  readonly suppressed: number;
}

/** What is further behind than this is no late pane, but another time: an import of something old, s. */
const TIMELINE_BACK_S = 6 * 3600;
/** Further ahead of the log clock than this, a span's clock is wrong, s. */
const FUTURE_S = 3600;
/** Timelines kept; the one that has been fed least lately goes first. */
const TIMELINES_MAX = 4;

type Taken = Pick<SelfTimeBatch, 'firstSeq' | 'lastSeq' | 'part'>;

/**
 * Finds anomalies in the self times, failures and shapes of operations, and in what is lost between
 * services: a pure function of the records, with no clock but theirs.
 *
 * Span time goes on in a timeline. What is hours older than all that came (a recording that is imported
 * beside live traffic) begins a timeline of its own, with its own baselines, and disturbs no other.
 */
export class Detector {
  private clockS = 0;
  private repeats = 0;
  private forgotten = { judged: 0, late: 0, unjudged: 0, suppressed: 0 };
  private readonly taken = new Map<number, Taken>();
  /** The one that was fed last is the last. */
  private timelines: Timeline[] = [];

  constructor(private readonly rules: DetectorRules) {}

  /** Panes that wait to be judged. */
  get pendingPanes(): number {
    return this.timelines.reduce((sum, { pendingPanes }) => sum + pendingPanes, 0);
  }

  /** Series with a baseline. */
  get series(): number {
    return this.timelines.reduce((sum, { baselines }) => sum + baselines.size, 0);
  }

  get counters(): DetectorCounters {
    const counters = { ...this.forgotten, repeats: this.repeats };
    for (const timeline of this.timelines) addCounts(counters, timeline);
    return counters;
  }

  /** Applies a record; gives the events that it brings about. */
  step({ appendMs, batch }: DetectorRecord): readonly AnomalyEvent[] {
    this.clockS = Math.max(this.clockS, Math.floor(appendMs / 1000));
    if (batch !== null) this.take(batch);
    return this.timelines.flatMap((timeline) => timeline.judgeWhole(this.clockS));
  }

  private take(batch: SelfTimeBatch): void {
    if (!this.isNew(batch)) {
      this.repeats++;
      return;
    }
    const { partition, partitions, firstSeq, lastSeq, part, panes } = batch;
    this.taken.set(partition, { firstSeq, lastSeq, part });
    for (const pane of panes) {
      if (pane.startS > this.clockS + FUTURE_S) {
        this.forgotten.late += pane.series.length;
        continue;
      }
      this.timelineOf(pane.startS).take(pane, partition, partitions, this.clockS);
    }
  }

  /** A repeat begins at or before what has been taken, and is no further part of it. */
  private isNew({ partition, firstSeq, part }: SelfTimeBatch): boolean {
    const last = this.taken.get(partition);
    if (last === undefined || firstSeq > last.lastSeq) return true;
    return firstSeq === last.firstSeq && part > last.part;
  }

  /** The timeline that has come furthest of those that a pane is not far behind of. */
  private timelineOf(startS: number): Timeline {
    let found: Timeline | null = null;
    for (const timeline of this.timelines) {
      const reaches = timeline.newestS - TIMELINE_BACK_S <= startS;
      if (reaches && (found === null || timeline.newestS > found.newestS)) found = timeline;
    }
    const timeline = found ?? new Timeline(this.rules);
    this.timelines = [...this.timelines.filter((other) => other !== timeline), timeline];
    if (this.timelines.length > TIMELINES_MAX) {
      addCounts(this.forgotten, this.timelines.shift() as Timeline);
    }
    return timeline;
  }
}

function addCounts(
  to: { judged: number; late: number; unjudged: number; suppressed: number },
  { judged, late, baselines, incidents }: Timeline,
): void {
  to.judged += judged;
  to.late += late;
  to.unjudged += baselines.overflowed;
  to.suppressed += incidents.suppressed;
}
