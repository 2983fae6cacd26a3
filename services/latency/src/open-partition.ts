import type { Kafka, PartitionHandle, PartitionOffsets } from '@spanloom/kafka';
import { SpanloomError } from '@spanloom/runtime';
import {
  decodeCheckpoint,
  decodePaneBatch,
  encodeCheckpoint,
  type LatencyCheckpoint,
} from '@spanloom/sketch';

/** Where to begin: the first record to apply, and the state before it. */
export interface OpenedPartition {
  readonly offset: number;
  readonly checkpoint: LatencyCheckpoint;
  readonly source: 'committed' | 'fresh' | 'recovered';
}

/**
 * Finds where a partition goes on: at the committed checkpoint; else, where nothing was ever
 * written, at the log's beginning; else, where the commit was lost or offsets were set by hand, with
 * the number after the last message on `latency`. A start that was not committed is committed before
 * anything is written, so that a crash finds it again.
 *
 * @throws SpanloomError 'state-corrupt' when the commit carries something that is not ours
 */
export async function openPartition(
  handle: PartitionHandle,
  kafka: Kafka,
): Promise<OpenedPartition> {
  const committed = await handle.committed();
  const read = decodeCheckpoint(committed.metadata);
  if (read.status === 'corrupt') {
    throw new SpanloomError(
      'state-corrupt',
      `the offset committed for partition ${handle.partition} carries no checkpoint of the latency worker ` +
        `(${read.why}); run the version that wrote it, or delete the consumer group to number on from the topic latency`,
      { details: { partition: handle.partition, metadata: committed.metadata } },
    );
  }
  if (committed.offset !== null && read.status === 'ok') {
    return { offset: committed.offset, checkpoint: read.checkpoint, source: 'committed' };
  }
  const opened = await recover(handle.partition, committed.offset, kafka);
  await handle.commit(opened.offset, encodeCheckpoint(opened.checkpoint));
  return opened;
}

async function recover(
  partition: number,
  committed: number | null,
  kafka: Kafka,
): Promise<OpenedPartition> {
  const last = await lastFlush(partition, kafka);
  if (last === null) {
    const offset = committed ?? (await offsetsOf(kafka, 'spans', partition)).low;
    return { offset, checkpoint: { seq: 1, clockS: 0 }, source: 'fresh' };
  }
  const checkpoint = { seq: last.seq + 1, clockS: last.flushedAtS };
  const offset = committed ?? (await firstAfter(last.flushedAtS, partition, kafka));
  return { offset, checkpoint, source: 'recovered' };
}

/** A flush by the clock holds what came before the second that it names, so the next record is the first of it. */
async function firstAfter(atS: number, partition: number, kafka: Kafka): Promise<number> {
  const admin = await kafka.admin();
  const offset = await admin.offsetForTimestamp(kafka.topic('spans'), partition, atS * 1000);
  return offset ?? (await offsetsOf(kafka, 'spans', partition)).high;
}

/** So many of the last messages are looked at: a late repeat by a former owner may be the very last. */
const LAST_MESSAGES = 50;

interface LastFlush {
  readonly seq: number;
  readonly flushedAtS: number;
}

/** The message on `latency` with the greatest number; null when there never was one. */
async function lastFlush(partition: number, kafka: Kafka): Promise<LastFlush | null> {
  const { low, high } = await offsetsOf(kafka, 'latency', partition);
  if (high === 0) return null;
  let last: LastFlush | null = null;
  if (high > low) {
    const from = Math.max(low, high - LAST_MESSAGES);
    const range = { topic: kafka.topic('latency'), partition, from, to: high };
    await kafka.readRange(range, (records) => {
      for (const { value } of records) {
        const found = value === null ? null : decodePaneBatch(value);
        if (found !== null && found.seq > (last?.seq ?? 0)) last = found;
      }
    });
  }
  if (last !== null) return last;
  throw new SpanloomError(
    'state-corrupt',
    `partition ${partition} of the topic latency has held messages but their numbers are lost; ` +
      'delete the topic latency and the consumer groups of latency and sink on it to begin anew',
    { details: { partition, low, high } },
  );
}

async function offsetsOf(
  kafka: Kafka,
  topic: 'spans' | 'latency',
  partition: number,
): Promise<PartitionOffsets> {
  const all = await (await kafka.admin()).offsets(kafka.topic(topic));
  const found = all.find((offsets) => offsets.partition === partition);
  if (found !== undefined) return found;
  throw new SpanloomError(
    'topic-mismatch',
    `topic ${kafka.topic(topic)} has no partition ${partition}: it must have as many as spans`,
  );
}
