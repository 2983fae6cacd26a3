import { type Clock, createTurnstile, type Logger, SpanloomError } from '@spanloom/runtime';
import { recover } from './connection';
import { startFetchLoop } from './fetch-loop';
import type { Cluster } from './internals';
import { asSpanloomError, isHopeless, kafkaErrorType } from './kafka-errors';
import type { Generation, Membership } from './membership';
import { type PartitionLoop, startPartitionLoop } from './partition-loop';
import type { PartitionState, ReleaseReason } from './partitions';
import type { RunnerOptions } from './runner-options';

/** A processor's call that takes longer than this is stuck: the process no longer counts as alive. */
const STUCK_AFTER_MS = 120_000;
/** A heartbeat that is not answered for this long shows that Kafka is away, well before its request times out. */
const SLOW_BEAT_MS = 2_000;

/**
 * How a generation ends. rebalance: members come or go, drain and join again; lost: the group went on without us;
 * stopped: we were asked to; fatal: an error that no restart of a processor cures.
 */
export type GenerationEnd =
  | { readonly why: 'rebalance' | 'lost' | 'stopped' }
  | { readonly why: 'fatal'; readonly error: unknown };

/** What one generation works with. */
export interface GenerationOptions extends RunnerOptions {
  readonly cluster: Cluster;
  readonly membership: Membership;
  readonly generation: Generation;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The time between two rebalances: heartbeats, fetching, and a loop for each partition. */
export interface RunningGeneration {
  readonly partitions: readonly number[];
  /** Resolves when the generation has to end; then call `finish`. */
  readonly ended: Promise<GenerationEnd>;
  state(): readonly PartitionState[];
  stop(): void;
  /** Ends all loops within the drain time-out. Never rejects. */
  finish(why: ReleaseReason): Promise<void>;
}

/** Starts the work on the assigned partitions. */
export function startGeneration(options: GenerationOptions): RunningGeneration {
  const { generation, membership, clock, logger, cluster } = options;
  const over = new AbortController();
  let heardAt_ms = clock.monotonicMs();
  let end: (how: GenerationEnd) => void = () => undefined;
  const ended = new Promise<GenerationEnd>((resolve) => {
    end = resolve;
  });
  const onFatal = (error: unknown): void => end({ why: 'fatal', error });
  let silent = false;
  /** Once true it stays: a loop may have ended because of it, so the generation has to end too. */
  const isSilent = (): boolean => {
    silent ||= clock.monotonicMs() - heardAt_ms > options.session_timeout_ms;
    return silent;
  };
  const turnstile = createTurnstile(options.partitions_concurrent_max);
  let wakeFetching: () => void = () => undefined;

  const loops: readonly PartitionLoop[] = generation.partitions.map((partition) =>
    startPartitionLoop({
      ...options,
      partition,
      turnstile,
      queue_bytes_max: options.partition_bytes_max,
      isSilent,
      onWanted: () => wakeFetching(),
      onStale: () => end({ why: 'lost' }),
      onFatal,
    }),
  );
  const limits = {
    wait_ms_max: options.fetch_wait_ms_max,
    bytes_min: options.fetch_bytes_min,
    bytes_max: options.fetch_bytes_max,
    partition_bytes_max: options.partition_bytes_max,
  };
  const fetching = startFetchLoop({ ...options, loops, limits, onFatal, signal: over.signal });
  wakeFetching = fetching.wake;

  /** Sends one heartbeat; true when further ones make sense. */
  async function beat(): Promise<boolean> {
    if (isSilent()) {
      end({ why: 'lost' });
      return false;
    }
    const sentAt_ms = clock.monotonicMs();
    const tell = (text: string | null): void =>
      options.onTrouble('kafka-read', options.groupId, text);
    const slow = setTimeout(
      () => tell(`the group's coordinator has not answered for ${SLOW_BEAT_MS} ms`),
      SLOW_BEAT_MS,
    );
    try {
      await membership.heartbeat(generation);
      heardAt_ms = sentAt_ms;
      tell(null);
      if (!loops.some((loop) => loop.busyFor() > STUCK_AFTER_MS)) options.onBeat();
      return true;
    } catch (error) {
      if (over.signal.aborted) return false;
      if (error instanceof SpanloomError && error.code === 'state-stale') {
        const drains = kafkaErrorType(error) === 'REBALANCE_IN_PROGRESS';
        end({ why: drains ? 'rebalance' : 'lost' });
        // While partitions drain, the coordinator keeps us only if it hears from us.
        if (drains) heardAt_ms = sentAt_ms;
        return drains;
      }
      if (isHopeless(error)) {
        onFatal(error);
        return false;
      }
      logger.warn({ err: error }, 'a heartbeat failed: trying again');
      tell(asSpanloomError(error, 'a heartbeat').message);
      await recover(cluster, error);
      return true;
    } finally {
      clearTimeout(slow);
    }
  }

  async function keepBeating(): Promise<void> {
    while (await beat()) {
      await clock.sleep(options.heartbeat_interval_ms, over.signal);
    }
  }

  keepBeating().catch((error: unknown) => {
    if (!over.signal.aborted) onFatal(error);
  });
  void ended.then(({ why }) => {
    if (why === 'lost') for (const loop of loops) loop.lose();
  });

  return {
    partitions: generation.partitions,
    ended,
    state: () => loops.map((loop) => loop.state()),
    stop: () => end({ why: 'stopped' }),
    async finish(why) {
      await Promise.all(loops.map((loop) => loop.finish(why)));
      over.abort();
    },
  };
}
