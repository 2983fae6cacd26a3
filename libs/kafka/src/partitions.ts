import type { KafkaRecord } from './record';

/** What a partition's owner can ask of, and tell to, the consumer group. Valid for one generation of the group. */
export interface PartitionHandle {
  readonly partition: number;
  /** The group's last commit for this partition, read from the broker; offset null when there is none. */
  committed(): Promise<CommittedOffset>;
  /**
   * Commits the next offset to read, and metadata (the broker's default limit is 4 KB).
   * Throws SpanloomError('state-stale') when the group's generation moved on.
   */
  commit(offset: number, metadata: string): Promise<void>;
  /** True once the partition is no longer ours: the group moved on, or has not heard of us for the session time-out. */
  isLost(): boolean;
  /** Offset after the last record of the partition as of the latest fetch, or look while paused; null before the first. */
  highWatermark(): number | null;
  /** Stops fetching (and processing of what was fetched) until every reason that was given is resumed. `idle` goes on. */
  pause(why: string): void;
  /** Takes one reason back, or all of them. */
  resume(why?: string): void;
  /**
   * Lets the processor go ('parked') when the call under way is over, and makes another one once the partition is not
   * paused any more: while it is, nothing of it takes memory.
   */
  park(): void;
  /** Aborted as soon as the partition is to be given up (rebalance, loss, stop): end waits, wrap up. */
  readonly signal: AbortSignal;
}

/** A commit as the broker keeps it. */
export interface CommittedOffset {
  /** Next offset to read; null when nothing was committed. */
  readonly offset: number | null;
  readonly metadata: string;
}

/** The work on one partition. No two of its methods ever run at the same time. */
export interface PartitionProcessor {
  /** Next offset wanted. The runner goes there whenever what it would deliver next starts elsewhere. */
  position(): number;
  /**
   * Takes consecutive records in offset order, the first at `position()` (higher only where the log has a gap). Their
   * bytes can be read until the call is over.
   */
  process(records: readonly KafkaRecord[]): Promise<void>;
  /**
   * Called about every `idle_interval_ms`, whether records come or not.
   * `caughtUp`: everything up to the high watermark of the latest fetch was processed.
   */
  idle(caughtUp: boolean): Promise<void>;
  /** The last call. Bounded by `drain_timeout_ms`; `handle.commit` still works for 'stop' and 'parked', and usually for 'revoked'. */
  release(why: ReleaseReason): Promise<void>;
}

/**
 * Why a processor is let go. revoked: the group rebalances (drain and commit if you can);
 * stop: the runner stops; failed: it threw, and another one takes its place; parked: it asked for it.
 */
export type ReleaseReason = 'revoked' | 'stop' | 'failed' | 'parked';

/** How many offsets of the log are before `position`, as of the latest fetch; 0 before the first. */
export function recordsBefore(
  handle: Pick<PartitionHandle, 'highWatermark'>,
  position: number,
): number {
  return Math.max(0, (handle.highWatermark() ?? position) - position);
}

/** Options of `Kafka.runPartitions`. */
export interface RunPartitionsOptions {
  /** Group name; `topic_prefix` is not added. */
  readonly groupId: string;
  readonly topic: string;
  /** Called for each partition of each assignment. Errors are treated like those of a processor. */
  createProcessor(handle: PartitionHandle): Promise<PartitionProcessor>;
  /** Called once, when the runner can't go on; it has stopped by then. The process should end. */
  onFatal(error: unknown): void;
  /** Called whenever the fetch loop turned; for liveness ("the loop turned lately"). */
  readonly onBeat?: () => void;
  /**
   * Told in words when Kafka cannot be read ('kafka-read') or a partition's processor keeps failing ('processor'),
   * and null when that is over. `holder` is the topic, or the topic and partition.
   */
  readonly onTrouble?: (
    why: 'kafka-read' | 'processor',
    holder: string,
    text: string | null,
  ) => void;
  /** Told how many records retention deleted before they were read; reading goes on after them. */
  readonly onExpired?: (records: number) => void;
  /** About how often `idle` is called, ms. Default 250. */
  readonly idle_interval_ms?: number;
  /** How long a silent member stays in the group, ms. Default 30,000. */
  readonly session_timeout_ms?: number;
  /** How long members may take to re-join, ms. Default 60,000. */
  readonly rebalance_timeout_ms?: number;
  /** How often the coordinator hears of us, ms. Default 3,000, or a third of the session time-out. */
  readonly heartbeat_interval_ms?: number;
  /** Longest wait of `release` and of a batch under way when the partition goes, ms. Default 10,000. */
  readonly drain_timeout_ms?: number;
  /** Longest wait of a fetch for data, ms. Default 200. */
  readonly fetch_wait_ms_max?: number;
  /** The broker answers a fetch at once when it has this much. Default 256 KiB. */
  readonly fetch_bytes_min?: number;
  /** Most bytes of one fetch response. Default 2 MiB. */
  readonly fetch_bytes_max?: number;
  /** Most bytes of one partition in a fetch response. Default 512 KiB; a larger single record batch still comes whole. */
  readonly partition_bytes_max?: number;
  /** Partitions whose `process` runs at the same time: while one waits for an engine, another computes. Default 2. */
  readonly partitions_concurrent_max?: number;
  /** Processors of a partition failing one after the other without progress, before the runner gives up. Default 20. */
  readonly failures_max?: number;
  /** How long Kafka may be away before the runner gives up, ms. Default 300,000. */
  readonly outage_ms_max?: number;
}

/** A running member of a consumer group. */
export interface PartitionRunner {
  /** Partitions owned now. */
  assigned(): readonly number[];
  /** Figures of each owned partition. */
  state(): readonly PartitionState[];
  /** Releases all processors (bounded), leaves the group. Can be called again. */
  stop(): Promise<void>;
}

/** One owned partition, for metrics and readiness. */
export interface PartitionState {
  readonly partition: number;
  readonly position: number | null;
  readonly highWatermark: number | null;
  /** Records between position and high watermark. */
  readonly lag: number | null;
  /** Reasons why reading is paused. */
  readonly paused: readonly string[];
  /** Restarts of the processor since the assignment. */
  readonly failures: number;
  /** Records that were gone from the log before they could be read. */
  readonly missedRecords: number;
}
