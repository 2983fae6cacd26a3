import {
  type Clock,
  isRetriable,
  type Logger,
  SpanloomError,
  type Turnstile,
} from '@spanloom/runtime';
import { DeliveryQueue } from './delivery-queue';
import type { PartitionFetched } from './fetch-protocol';
import type { Generation, Membership } from './membership';
import type {
  PartitionHandle,
  PartitionProcessor,
  PartitionState,
  ReleaseReason,
} from './partitions';
import { createWakeup } from './wakeup';
import { within } from './within';

/** Waits between a failed processor and the next one. */
const FAILURE_WAIT_MS = { first: 200, max: 10_000 } as const;
/** A processor that lived this long has shown that the trouble before it is over. */
const SETTLED_AFTER_MS = 60_000;

/** What a partition's loop needs of the runner. */
export interface PartitionLoopOptions {
  readonly partition: number;
  readonly topic: string;
  readonly generation: Generation;
  readonly membership: Membership;
  createProcessor(handle: PartitionHandle): Promise<PartitionProcessor>;
  readonly turnstile: Turnstile;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly idle_interval_ms: number;
  readonly queue_bytes_max: number;
  readonly failures_max: number;
  readonly drain_timeout_ms: number;
  /** Whether the group has not heard of this member for too long. */
  isSilent(): boolean;
  /** Something may be fetched now that was not wanted before. */
  onWanted(): void;
  /** The coordinator says that this generation is over. */
  onStale(): void;
  onTrouble(why: 'processor', holder: string, text: string | null): void;
  onExpired(records: number): void;
  onFatal(error: unknown): void;
}

/** The life of one partition in one generation of the group: its processor, what waits for it, its restarts. */
export interface PartitionLoop {
  readonly partition: number;
  /** Where to fetch next; null while nothing is wanted. */
  wanted(): number | null;
  /** Whether nothing is wanted although it is not paused: it soon will be again. */
  isBusy(): boolean;
  /** Milliseconds that the call under way has taken; 0 when there is none. */
  busyFor(): number;
  /** Takes the answer to a fetch at `from`. */
  deliver(from: number, fetched: PartitionFetched): void;
  /** The log goes up to before `end` at least; for figures. */
  seeEnd(end: number): void;
  /** The log now starts at `logStart`, after the wanted offset `from`. */
  skipTo(from: number, logStart: number): void;
  state(): PartitionState;
  /** From now on commits are refused and `isLost` is true. */
  lose(): void;
  /** Ends the loop within the drain time-out, then counts as lost. Never rejects. */
  finish(why: ReleaseReason): Promise<void>;
}

/** Starts the loop of one partition. */
export function startPartitionLoop(options: PartitionLoopOptions): PartitionLoop {
  const { partition, topic, clock } = options;
  const logger = options.logger.child({ topic, partition });
  const queue = new DeliveryQueue(options.queue_bytes_max);
  const wakeup = createWakeup();
  const ending = new AbortController();
  const paused = new Set<string>();
  let processor: PartitionProcessor | null = null;
  let leaving: ReleaseReason | null = null;
  let lost = false;
  let failures = 0;
  let missedRecords = 0;
  let highWatermark: number | null = null;
  let readableEnd: number | null = null;
  let busySince_ms: number | null = null;
  let bornAt_ms = 0;
  let parks = false;
  /** Where the processor was that is parked; for figures. */
  let parkedAt: number | null = null;

  const isLost = (): boolean => lost || options.isSilent();
  const isOver = (): boolean => leaving !== null || isLost();

  const handle: PartitionHandle = {
    partition,
    committed: () => options.membership.committed(partition),
    commit,
    isLost,
    highWatermark: () => highWatermark,
    pause(why) {
      if (paused.size === 0) logger.debug({ why }, 'reading paused');
      paused.add(why);
    },
    resume(why) {
      if (paused.size === 0) return;
      if (why === undefined) paused.clear();
      else paused.delete(why);
      if (paused.size > 0) return;
      logger.debug({ why }, 'reading resumed');
      readableEnd = null; // as of before the pause
      wakeup.wake();
      options.onWanted();
    },
    park() {
      parks = true;
    },
    signal: ending.signal,
  };

  async function commit(offset: number, metadata: string): Promise<void> {
    if (isLost()) {
      throw new SpanloomError(
        'state-stale',
        `${topic}/${partition} is no longer ours: not committed`,
        {
          details: { topic, partition, offset },
        },
      );
    }
    try {
      await options.membership.commit(options.generation, partition, { offset, metadata });
    } catch (error) {
      if (error instanceof SpanloomError && error.code === 'state-stale') {
        lose();
        options.onStale();
      }
      throw error;
    }
  }

  let troubled = false;
  function tellTrouble(text: string | null): void {
    if (text === null && !troubled) return;
    troubled = text !== null;
    options.onTrouble('processor', `${topic}/${partition}`, text);
  }

  /** Every call of the processor goes through here, so that a stuck one shows. */
  async function busy<T>(call: () => Promise<T>): Promise<T> {
    busySince_ms = clock.monotonicMs();
    try {
      return await call();
    } finally {
      busySince_ms = null;
    }
  }

  function isCaughtUp(): boolean {
    if (paused.size > 0 || readableEnd === null || !queue.isEmpty) return false;
    return queue.fetchOffset >= readableEnd;
  }

  /** One processor's life; returns when the partition is to be given up or parked, throws what the processor throws. */
  async function work(current: PartitionProcessor): Promise<void> {
    let idleAt_ms = clock.monotonicMs() + options.idle_interval_ms;
    while (!isOver() && !parks) {
      if (clock.monotonicMs() >= idleAt_ms) {
        await busy(() => current.idle(isCaughtUp()));
        tellTrouble(null);
        idleAt_ms = clock.monotonicMs() + options.idle_interval_ms;
        continue;
      }
      const before = queue.fetchOffset;
      if (paused.size === 0 && queue.take(current.position())) {
        options.onWanted();
        await options.turnstile.run(async () => {
          if (isOver()) return;
          const records = await queue.open();
          if (records.length > 0) await busy(() => current.process(records));
        });
        queue.done();
        failures = 0;
        tellTrouble(null);
      } else {
        if (queue.fetchOffset !== before) {
          logger.debug({ from: before, to: queue.fetchOffset }, 'seeking');
          options.onWanted();
        }
        await wakeup.wait(idleAt_ms - clock.monotonicMs());
      }
    }
  }

  async function release(current: PartitionProcessor, why: ReleaseReason): Promise<void> {
    try {
      await busy(() => current.release(why));
    } catch (error) {
      const level = isOver() ? 'info' : 'warn';
      logger[level]({ err: error, why }, 'releasing a processor failed');
    }
  }

  /** Releases a processor that did not fail; whether there is to be another one, which a parked partition waits for. */
  async function end(current: PartitionProcessor): Promise<boolean> {
    const isParked = parks && !isOver();
    parks = false;
    await release(current, isParked ? 'parked' : (leaving ?? 'revoked'));
    if (!isParked) return false;
    parkedAt = current.position();
    queue.seek(parkedAt);
    while (paused.size > 0 && !isOver()) await wakeup.wait(options.idle_interval_ms);
    return !isOver();
  }

  /** Waits before the next processor; false when there is to be none. */
  async function survive(error: unknown): Promise<boolean> {
    if (isOver()) {
      logger.info({ err: error }, 'the processor failed while its partition was given up');
      return false;
    }
    const stale = error instanceof SpanloomError && error.code === 'state-stale';
    if (clock.monotonicMs() - bornAt_ms > SETTLED_AFTER_MS) failures = 0;
    failures++;
    if (!(stale || isRetriable(error)) || failures > options.failures_max) {
      logger.error({ err: error, failures }, 'the processor failed for good');
      options.onFatal(error);
      return false;
    }
    const bound_ms = Math.min(FAILURE_WAIT_MS.first * 2 ** (failures - 1), FAILURE_WAIT_MS.max);
    const wait_ms = bound_ms * (0.5 + Math.random() / 2);
    logger.warn({ err: error, failures, wait_ms }, 'the processor failed: making another one');
    tellTrouble(`${topic}/${partition} failed ${failures} times: ${messageOf(error)}`);
    try {
      await clock.sleep(wait_ms, ending.signal);
    } catch {
      // Given up while waiting.
    }
    return !isOver();
  }

  async function live(): Promise<void> {
    for (let again = true; again; ) {
      let current: PartitionProcessor | null = null;
      bornAt_ms = clock.monotonicMs();
      try {
        current = await busy(() => options.createProcessor(handle));
        queue.seek(current.position());
        processor = current;
        parkedAt = null;
        options.onWanted();
        await work(current);
        processor = null;
        again = await end(current);
      } catch (error) {
        processor = null;
        if (current !== null) await release(current, 'failed');
        parks = false;
        paused.clear();
        again = await survive(error);
      }
    }
  }

  function lose(): void {
    lost = true;
    ending.abort(new SpanloomError('state-stale', `${topic}/${partition} was taken away`));
    wakeup.wake();
  }

  const life = live();

  return {
    partition,
    wanted: () =>
      processor === null || paused.size > 0 || queue.isFull || isOver() ? null : queue.fetchOffset,
    isBusy: () => paused.size === 0 && !isOver() && (processor === null || queue.isFull),
    busyFor: () => (busySince_ms === null ? 0 : clock.monotonicMs() - busySince_ms),
    deliver(from, fetched) {
      highWatermark = fetched.highWatermark;
      readableEnd = fetched.readableEnd;
      queue.push(from, fetched);
      wakeup.wake();
    },
    seeEnd(end) {
      highWatermark = Math.max(highWatermark ?? 0, end);
    },
    skipTo(from, logStart) {
      if (from !== queue.fetchOffset || processor === null) return;
      missedRecords += logStart - from;
      options.onExpired(logStart - from);
      logger.error(
        { from, to: logStart, records: logStart - from },
        'records were deleted from the log before they were read: going on after them',
      );
      queue.skip(processor.position(), logStart);
      options.onWanted();
    },
    state() {
      const position = processor?.position() ?? parkedAt;
      const lag =
        position === null || highWatermark === null ? null : Math.max(highWatermark - position, 0);
      return {
        partition,
        position,
        highWatermark,
        lag,
        paused: [...paused],
        failures,
        missedRecords,
      };
    },
    lose,
    async finish(why) {
      leaving ??= why;
      ending.abort(new SpanloomError('state-stale', `${topic}/${partition} is given up (${why})`));
      wakeup.wake();
      if (!(await within(options.drain_timeout_ms, life))) {
        logger.warn(
          { drain_timeout_ms: options.drain_timeout_ms },
          'the processor did not end in time',
        );
      }
      lose();
      tellTrouble(null);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
