import type { ClickHouse } from '@spanloom/clickhouse';
import type { Clock, ConfigOf, Logger } from '@spanloom/runtime';
import {
  amend,
  logClocks,
  NOTES_MAX,
  type NotedTrace,
  notedTraces,
  type StoredTrace,
  storedTraces,
} from './amendments';
import type { SinkMetrics } from './metrics';
import type { settings } from './settings';

/** What amending works with. */
export interface AmendingDeps {
  readonly clickhouse: ClickHouse;
  /** The partitions of `traces` that this process has. */
  readonly partitions: () => readonly number[];
  readonly metrics: SinkMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

type AmendConfig = Pick<
  ConfigOf<typeof settings>,
  'amend_interval_ms' | 'amend_spans_max' | 'amend_settle_s'
>;

/** Traces read at once. */
const TRACES_MAX = 50;
/** Ids of traces that are too large are kept, so that each is told once; of more, the first are forgotten. */
const SKIPPED_MAX = 1_000;

/**
 * Analyses traces of several fragments as a whole, beside the blocks: see docs/adr/0008. What it writes
 * depends on the fragments alone, so it may be done by anyone, at any time, and again.
 */
export function startAmending(
  config: AmendConfig,
  deps: AmendingDeps,
): { readonly stop: () => Promise<void> } {
  const { clickhouse, metrics, logger, clock } = deps;
  const stopping = new AbortController();
  const skipped = new Set<string>();
  /** Notes before this are done with; forgotten when other partitions come. */
  let sinceS = 0;
  let looked = '';
  /** The log clock of each partition, as far as it is stored. */
  const clocks = new Map<number, number>();

  async function round(): Promise<void> {
    const partitions = [...deps.partitions()].sort((a, b) => a - b);
    if (partitions.length === 0) return;
    if (looked !== String(partitions)) sinceS = 0;
    looked = String(partitions);
    // Before the notes: what is noted from here on is not older than these.
    const found = await logClocks(clickhouse, partitions, sinceS);
    for (const [partition, atS] of found) clocks.set(partition, atS);
    const noted = await notedTraces(clickhouse, partitions, sinceS, [...skipped]);
    metrics.amendPending.set({}, noted.length);
    for (let at = 0; at < noted.length && !stopping.signal.aborted; at += TRACES_MAX) {
      await amendSome(noted.slice(at, at + TRACES_MAX));
    }
    if (noted.length === NOTES_MAX) return;
    sinceS = Math.min(
      ...partitions.map((partition) => clocks.get(partition) ?? 0),
      ...noted.map((note) => note.firstNoteS),
    );
  }

  async function amendSome(noted: readonly NotedTrace[]): Promise<void> {
    const amendedSeq = new Map(noted.map((note) => [note.traceId, note.amendedSeq]));
    const isFinal = (trace: StoredTrace): boolean =>
      !trace.goesOn || (clocks.get(trace.partition) ?? 0) - trace.closedAtS > config.amend_settle_s;
    const due = (await storedTraces(clickhouse, noted)).filter(
      (trace) =>
        isFinal(trace) ||
        (trace.fragments > 1 && trace.lastSeq > (amendedSeq.get(trace.traceId) ?? 0)),
    );
    for (const traces of groups(due)) {
      await amend(clickhouse, traces, isFinal);
      metrics.amended.inc({}, traces.length);
    }
  }

  /** Traces that are read together: no more spans than `amend_spans_max`. */
  function groups(due: readonly StoredTrace[]): readonly (readonly StoredTrace[])[] {
    const found: StoredTrace[][] = [];
    let spans = Number.POSITIVE_INFINITY;
    for (const trace of due) {
      if (trace.spans > config.amend_spans_max) {
        skip(trace);
        continue;
      }
      spans += trace.spans;
      if (spans > config.amend_spans_max) {
        found.push([]);
        spans = trace.spans;
      }
      found.at(-1)?.push(trace);
    }
    return found;
  }

  function skip({ traceId, spans }: StoredTrace): void {
    logger.warn({ trace_id: traceId, spans }, 'a trace is too large to be analysed again');
    metrics.amendSkipped.inc();
    skipped.add(traceId);
    for (const first of skipped) if (skipped.size > SKIPPED_MAX) skipped.delete(first);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await round();
      } catch (error) {
        // Blocks tell whether ClickHouse is away; what was noted stays noted.
        logger.warn({ err: error }, 'amending traces failed; trying again');
      }
      await clock.sleep(config.amend_interval_ms, stopping.signal).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
