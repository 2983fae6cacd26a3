import { type Clock, type Logger, SpanloomError } from '@spanloom/runtime';
import { partitionsByLeader, recover } from './connection';
import { type FetchLimits, fetchFrom, type PartitionFetched } from './fetch-protocol';
import type { Cluster } from './internals';
import { asSpanloomError, isHopeless, KAFKA_CODE } from './kafka-errors';
import type { PartitionLoop } from './partition-loop';
import { createWakeup } from './wakeup';

/** The broker's wait while a partition is not in the request that soon will want to be, ms. */
const SHORT_WAIT_MS = 50;
/** How long the loop sleeps at most when nothing calls it, ms. */
const LOOK_AGAIN_MS = 1_000;
/** How often partitions that are not fetched are asked how far their log goes, ms. */
const LOOK_AT_ENDS_MS = 2_000;
const FAILURE_WAIT_MS = { first: 100, max: 5_000 } as const;
const PARTITION_WAIT_MS = 250;

/** What a fetch loop needs. */
export interface FetchLoopOptions {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly loops: readonly PartitionLoop[];
  readonly limits: FetchLimits;
  readonly outage_ms_max: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  onTrouble(why: 'kafka-read', holder: string, text: string | null): void;
  onFatal(error: unknown): void;
}

/** Fetches for all partitions of one generation: one request under way per broker, for what is wanted at that moment. */
export interface FetchLoop {
  /** Something else may be wanted now. */
  wake(): void;
}

/** Starts fetching; ends when `signal` aborts. */
export function startFetchLoop(options: FetchLoopOptions): FetchLoop {
  const { cluster, topic, loops, clock, logger, signal } = options;
  const wakeup = createWakeup();
  const underWay = new Set<number>();
  const notBefore_ms = new Map<number, number>();
  let failures = 0;
  let failingSince_ms: number | null = null;
  let turn = 0;
  let lookedAtEnds_ms = clock.monotonicMs();

  function wantedNow(): Map<number, number> {
    const now_ms = clock.monotonicMs();
    const wanted = new Map<number, number>();
    for (let i = 0; i < loops.length; i++) {
      // A different partition first each time: the first one gets its records whatever the limits.
      const loop = loops[(i + turn) % loops.length] as PartitionLoop;
      const offset = loop.wanted();
      if (offset === null || (notBefore_ms.get(loop.partition) ?? 0) > now_ms) continue;
      wanted.set(loop.partition, offset);
    }
    turn++;
    return wanted;
  }

  async function fetchOnce(
    leader: number,
    partitions: readonly number[],
    wanted: ReadonlyMap<number, number>,
  ): Promise<void> {
    const soon = loops.some((loop) => loop.isBusy());
    const wait_ms_max = soon ? SHORT_WAIT_MS : options.limits.wait_ms_max;
    const ask = partitions.map((partition) => ({ partition, offset: wanted.get(partition) ?? 0 }));
    try {
      const broker = await cluster.findBroker({ nodeId: leader });
      const limits = { ...options.limits, wait_ms_max };
      const answers = await fetchFrom(broker, topic, ask, limits);
      if (signal.aborted) return;
      let healthy = true;
      for (const answer of answers) {
        const loop = loops.find((l) => l.partition === answer.partition);
        const offset = wanted.get(answer.partition);
        if (loop === undefined || offset === undefined) continue;
        if (answer.errorCode === KAFKA_CODE.none) loop.deliver(offset, answer);
        else if (!(await cope(loop, offset, answer))) healthy = false;
      }
      if (healthy) {
        if (failures > 0) options.onTrouble('kafka-read', topic, null);
        failures = 0;
        failingSince_ms = null;
      }
    } catch (error) {
      await fail(error);
    } finally {
      underWay.delete(leader);
      wakeup.wake();
    }
  }

  /** Deals with one partition's error; false when Kafka is not well. */
  async function cope(
    loop: PartitionLoop,
    offset: number,
    answer: PartitionFetched,
  ): Promise<boolean> {
    const { partition, errorCode } = answer;
    notBefore_ms.set(partition, clock.monotonicMs() + PARTITION_WAIT_MS);
    if (errorCode === KAFKA_CODE.offsetOutOfRange) return outOfRange(loop, offset);
    const error = new SpanloomError(
      errorCode === KAFKA_CODE.topicAuthorizationFailed ? 'kafka-fatal' : 'engine-unavailable',
      `fetching ${topic}/${partition} failed with Kafka's error ${errorCode}`,
      {
        retriable: errorCode !== KAFKA_CODE.topicAuthorizationFailed,
        details: { topic, partition },
      },
    );
    await fail(error);
    return false;
  }

  async function outOfRange(loop: PartitionLoop, offset: number): Promise<boolean> {
    const { partition } = loop;
    const low = await listOffset(cluster, topic, partition, true);
    const high = await listOffset(cluster, topic, partition, false);
    if (offset < low) {
      loop.skipTo(offset, low);
      return true;
    }
    if (offset <= high) return true;
    await fail(
      new SpanloomError(
        'state-corrupt',
        `${topic}/${partition} ends at ${high}, before the position ${offset}: the topic was truncated or made anew. ` +
          'Reset the group and its state, or rebuild',
        { retriable: true, details: { topic, partition, position: offset, high } },
      ),
    );
    return false;
  }

  /** Counts a failure, reloads metadata, waits; fatal when it is no use, or has gone on for too long. */
  async function fail(error: unknown): Promise<void> {
    if (signal.aborted) return;
    const now_ms = clock.monotonicMs();
    failingSince_ms ??= now_ms;
    failures++;
    if (isHopeless(error) || now_ms - failingSince_ms > options.outage_ms_max) {
      options.onFatal(asSpanloomError(error, `fetching ${topic}`, { topic }));
      return;
    }
    const bound_ms = FAILURE_WAIT_MS.first * 2 ** Math.min(failures - 1, 10);
    const wait_ms = Math.min(bound_ms, FAILURE_WAIT_MS.max);
    logger.warn({ err: error, topic, failures, wait_ms }, 'fetching failed: trying again');
    options.onTrouble('kafka-read', topic, asSpanloomError(error, `fetching ${topic}`).message);
    await recover(cluster, error);
    await clock.sleep(wait_ms, signal).catch(() => undefined);
  }

  /** A fetch says where the log ends. Where none is made, nobody would see how much waits behind a pause. */
  async function lookAtEnds(wanted: ReadonlyMap<number, number>): Promise<void> {
    const now_ms = clock.monotonicMs();
    const others = loops.filter((loop) => !wanted.has(loop.partition));
    if (now_ms - lookedAtEnds_ms < LOOK_AT_ENDS_MS || others.length === 0) return;
    lookedAtEnds_ms = Number.POSITIVE_INFINITY; // one look at a time
    try {
      const partitions = others.map(({ partition }) => ({ partition }));
      const [answer] = await cluster.fetchTopicsOffset([
        { topic, partitions, fromBeginning: false },
      ]);
      for (const { partition, offset } of answer?.partitions ?? []) {
        loops.find((loop) => loop.partition === partition)?.seeEnd(Number(offset));
      }
    } catch (error) {
      logger.debug({ err: error, topic }, 'the ends of the log cannot be seen'); // heartbeats tell of it
    } finally {
      lookedAtEnds_ms = clock.monotonicMs();
    }
  }

  async function turnForEver(): Promise<void> {
    while (!signal.aborted) {
      const wanted = wantedNow();
      void lookAtEnds(wanted);
      for (const [leader, partitions] of partitionsByLeader(cluster, topic, wanted.keys())) {
        if (underWay.has(leader)) continue;
        underWay.add(leader);
        void fetchOnce(leader, partitions, wanted);
      }
      await wakeup.wait(LOOK_AGAIN_MS);
    }
  }

  turnForEver().catch(options.onFatal);
  signal.addEventListener('abort', () => wakeup.wake(), { once: true });
  return { wake: () => wakeup.wake() };
}

/** First (`low`) or next (high) offset of a partition. */
export async function listOffset(
  cluster: Cluster,
  topic: string,
  partition: number,
  low: boolean,
): Promise<number> {
  const answer = await cluster.fetchTopicsOffset([
    { topic, partitions: [{ partition }], fromBeginning: low },
  ]);
  return Number(answer[0]?.partitions[0]?.offset ?? -1);
}
