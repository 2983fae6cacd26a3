import { type Clock, SpanloomError } from '@spanloom/runtime';
import { connectTo, partitionsByLeader, recover } from './connection';
import { listOffset } from './fetch-loop';
import { fetchFrom } from './fetch-protocol';
import type { Cluster } from './internals';
import { asSpanloomError, isHopeless, KAFKA_CODE } from './kafka-errors';
import type { KafkaRecord, LogRange } from './record';

const LIMITS = {
  wait_ms_max: 100,
  bytes_min: 1,
  bytes_max: 4 * 1024 * 1024,
  partition_bytes_max: 4 * 1024 * 1024,
} as const;

const FAILURE_WAIT_MS = 250;
/** Without progress for this long, reading ends with an error. */
const STALLED_AFTER_MS = 30_000;

/**
 * Reads a range with plain fetch requests: no group is involved, so nothing is left behind and nobody rebalances.
 * Calls `onRecords` with consecutive records, in order, one call at a time; an error of it ends the reading.
 * SpanloomError: 'state-corrupt' when the log no longer reaches back to `from`, 'timeout' (retriable) when
 * nothing comes for 30 s.
 */
export async function readLogRange(
  cluster: Cluster,
  range: LogRange,
  onRecords: (records: readonly KafkaRecord[]) => Promise<void> | void,
  clock: Clock,
): Promise<void> {
  const { topic, partition, to } = range;
  let position = range.from;
  let progressAt_ms = clock.monotonicMs();
  while (position < to) {
    const fetched = await fetchAt(cluster, range, position);
    if (fetched !== null && fetched.next > position) {
      const records = fetched.records.filter((record) => record.offset < to);
      if (records.length > 0) await onRecords(records);
      position = fetched.next;
      progressAt_ms = clock.monotonicMs();
    } else if (clock.monotonicMs() - progressAt_ms > STALLED_AFTER_MS) {
      throw new SpanloomError(
        'timeout',
        `reading ${topic}/${partition} stalled at ${position} of ${to}`,
        {
          retriable: true,
          details: { topic, partition, position, to },
        },
      );
    } else if (fetched === null) {
      await clock.sleep(FAILURE_WAIT_MS);
    }
  }
}

/** One fetch; null when it failed and may succeed later. */
async function fetchAt(
  cluster: Cluster,
  { topic, partition }: LogRange,
  offset: number,
): Promise<{ next: number; records: readonly KafkaRecord[] } | null> {
  try {
    await connectTo(cluster, topic);
    const leader = [...partitionsByLeader(cluster, topic, [partition]).keys()][0];
    if (leader === undefined)
      throw new SpanloomError('engine-unavailable', `${topic}/${partition} has no leader`, {
        retriable: true,
      });
    const broker = await cluster.findBroker({ nodeId: leader });
    const [answer] = await fetchFrom(broker, topic, [{ partition, offset }], LIMITS);
    if (answer?.errorCode === KAFKA_CODE.none) {
      // Never given back: who reads them may keep them.
      return { next: answer.nextOffset ?? offset, records: await answer.decode() };
    }
    if (answer?.errorCode === KAFKA_CODE.offsetOutOfRange) {
      const low = await listOffset(cluster, topic, partition, true);
      if (offset < low) throw recordsGone(topic, partition, offset, low);
    }
    await recover(cluster, undefined);
    return null;
  } catch (error) {
    if (isHopeless(error)) throw asSpanloomError(error, `reading ${topic}/${partition}`);
    await recover(cluster, error);
    return null;
  }
}

function recordsGone(topic: string, partition: number, offset: number, low: number): SpanloomError {
  return new SpanloomError(
    'state-corrupt',
    `${topic}/${partition} starts at ${low}: the records from ${offset} on are gone (retention)`,
    { details: { topic, partition, offset, low } },
  );
}
