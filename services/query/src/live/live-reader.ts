import { tracePartition } from '@spanloom/model';
import type { Redis } from '@spanloom/redis';
import { type Clock, isRetriable, type Logger } from '@spanloom/runtime';
import { assemblerGroup } from '@spanloom/window';
import type { QueryMetrics } from '../metrics';
import { findTraces, type LiveTrace } from './live-trace';
import { failed, type LiveFailure, type LiveOutcome } from './outcome';
import { type PartitionSnapshot, readPartition } from './partition-reader';
import { type PartitionSummary, summarize, type WindowOrder } from './partition-summary';
import { createSlots } from './slots';

/** Partitions read at a time, whoever asks: each may take tens of megabytes of memory. */
const READS_MAX = 4;
/** How long all partitions together may take. */
const ALL_PARTITIONS_MS_MAX = 10_000;

/** What is open of some traces. */
export interface LiveTraces {
  readonly traces: ReadonlyMap<string, LiveTrace>;
  /** Why open windows may be missing; null when they were read. */
  readonly missing: LiveFailure | null;
}

/** What is open in one partition; null where Redis holds nothing of it. */
export interface PartitionWindows {
  readonly partition: number;
  readonly windows: LiveOutcome<PartitionSummary> | null;
}

/** Reads the assemblers' open windows from Redis and writes nothing there. What Redis may do is never an exception. */
export interface LiveReader {
  /** @param ids 32 lower-case hex characters each */
  traces(ids: readonly string[]): Promise<LiveTraces>;
  /** All partitions in their order, each with its first `limit` traces. */
  partitions(order: WindowOrder, limit: number): Promise<readonly PartitionWindows[]>;
}

/** How the reader finds the windows, and how long it waits for them. */
export interface LiveConfig {
  readonly live_windows: boolean;
  readonly live_timeout_ms: number;
  readonly topic_prefix: string;
  readonly partitions: number;
}

/** Makes the reader; `redis` should give up on a command after `live_timeout_ms`. */
export function createLiveReader(
  config: LiveConfig,
  deps: {
    readonly redis: Pick<Redis, 'client'>;
    readonly metrics: Pick<QueryMetrics, 'liveRead'>;
    readonly logger: Logger;
    readonly clock: Clock;
  },
): LiveReader {
  const { redis, metrics, logger, clock } = deps;
  const group = assemblerGroup(config.topic_prefix);
  const slots = createSlots(READS_MAX);

  /** One partition within the time limit, counted. */
  async function read<T>(
    what: 'trace' | 'windows',
    partition: number,
    make: (snapshot: PartitionSnapshot) => Promise<LiveOutcome<T> | 'moved'>,
  ): Promise<LiveOutcome<T> | null> {
    const start_ms = clock.monotonicMs();
    const over = new AbortController();
    const at = { group, partition, signal: over.signal };
    const work = slots
      .run(() => readPartition(redis, at, { closed: what === 'trace' }, make), over.signal)
      .catch(awayOf);
    const late = clock.sleep(config.live_timeout_ms, over.signal).then(() => 'aborted' as const);
    late.catch(() => undefined);
    const outcome = await Promise.race([work, late]);
    over.abort();
    const result = outcome === 'aborted' ? failed('slow') : outcome;
    const named = result === null || result.ok ? 'ok' : result.why;
    metrics.liveRead(what, named, (clock.monotonicMs() - start_ms) / 1000);
    return result;
  }

  function awayOf(error: unknown): LiveOutcome<never> {
    // That Redis goes and comes back, its client logs.
    if (isRetriable(error)) return failed('away');
    // A key of another type, or a user who may not read: Redis says so each time.
    logger.error({ error }, 'open windows could not be read');
    return failed('unreadable');
  }

  function byPartition(ids: readonly string[]): ReadonlyMap<number, readonly string[]> {
    const found = new Map<number, string[]>();
    for (const id of new Set(ids)) {
      const partition = tracePartition(id, config.partitions);
      found.set(partition, [...(found.get(partition) ?? []), id]);
    }
    return found;
  }

  return {
    async traces(ids) {
      if (!config.live_windows) return { traces: new Map(), missing: off('trace') };
      const outcomes = await Promise.all(
        [...byPartition(ids)].map(([partition, own]) =>
          read('trace', partition, (snapshot) => findTraces(snapshot, own)),
        ),
      );
      const traces = new Map<string, LiveTrace>();
      let missing: LiveFailure | null = null;
      for (const outcome of outcomes) {
        if (outcome === null) continue;
        if (!outcome.ok) missing ??= outcome.why;
        else for (const [id, trace] of outcome.value) traces.set(id, trace);
      }
      return { traces, missing };
    },
    async partitions(order, limit) {
      const all: PartitionWindows[] = [];
      const end_ms = clock.monotonicMs() + ALL_PARTITIONS_MS_MAX;
      let gone: LiveFailure | null = config.live_windows ? null : off('windows');
      for (let partition = 0; partition < config.partitions; partition++) {
        if (gone === null && clock.monotonicMs() > end_ms) gone = 'slow';
        const windows: LiveOutcome<PartitionSummary> | null =
          gone !== null
            ? failed(gone)
            : await read('windows', partition, async (snapshot) => {
                return { ok: true, value: summarize(snapshot, { partition, order, limit }) };
              });
        // A Redis that is away for one partition is not asked for a thousand others.
        if (windows !== null && !windows.ok && ['away', 'slow'].includes(windows.why)) {
          gone = windows.why;
        }
        all.push({ partition, windows });
      }
      return all;
    },
  };

  function off(what: 'trace' | 'windows'): LiveFailure {
    metrics.liveRead(what, 'off', 0);
    return 'off';
  }
}
