import { FragmentReader } from '@spanloom/avro';
import {
  encodeSelfTimes,
  type SelfTimeCounters,
  SelfTimeReducer,
  type SelfTimeRules,
  schemasOf,
  type WholeBatch,
} from '@spanloom/detector';
import {
  type Kafka,
  type PartitionHandle,
  type PartitionProcessor,
  type Producer,
  recordsBefore,
} from '@spanloom/kafka';
import { type Clock, faultPoint, type Pressure } from '@spanloom/runtime';
import { decodeMark, encodeMark } from './checkpoint';
import type { AnomalyMetrics } from './metrics';
import type { ReadableSchemas } from './readable-schemas';

/** What the partitions of `traces` share. */
export interface GatherDeps {
  readonly rules: SelfTimeRules;
  readonly partitions: number;
  readonly kafka: Kafka;
  /** Writes in order: repeats are known by it. */
  readonly producer: Producer;
  /** The registry's id of the schema of the topic self-times. */
  readonly schemaId: number;
  readonly schemas: ReadableSchemas;
  readonly metrics: AnomalyMetrics;
  readonly pressure: Pressure;
  readonly clock: Clock;
}

const MESSAGE_BYTES_MAX = 700_000;
/** Where nothing is gathered, the position is committed at most this often. */
const COMMIT_INTERVAL_MS = 1000;
const MARK = 'seq';

/**
 * Owns one partition of `traces`: gathers what its fragments show, writes each batch to `self-times`, then
 * commits the record that the next one begins in with the number before it. A crash in between writes the
 * same batches again, which the detector knows by their numbers.
 */
export async function createGatherProcessor(
  handle: PartitionHandle,
  deps: GatherDeps,
): Promise<PartitionProcessor> {
  const { kafka, producer, metrics, clock } = deps;
  const { partition } = handle;
  const committed = await handle.committed();
  let lastSeq = decodeMark(MARK, committed.metadata) ?? 0;
  let position = committed.offset ?? (await lowOffset(kafka, partition));
  let committedOffset = committed.offset;
  let committedAtMs = clock.monotonicMs();
  const reducer = new SelfTimeReducer(partition, deps.partitions, deps.rules, lastSeq);
  const reader = new FragmentReader();
  let counted = { ...reducer.counters, overflowed: 0 };
  const reading = deps.pressure.attach(handle);
  const labels = { topic: 'traces', partition: String(partition) };

  async function commit(offset: number): Promise<void> {
    await handle.commit(offset, encodeMark(MARK, lastSeq));
    committedOffset = offset;
    committedAtMs = clock.monotonicMs();
  }

  /** @param offset of the record in which the batch ended: the next one begins in it, or after it */
  async function deliver(batch: WholeBatch, offset: number): Promise<void> {
    const messages = encodeSelfTimes(batch, deps.schemaId, MESSAGE_BYTES_MAX);
    await producer.send(
      kafka.topic('self-times'),
      messages.map((value) => ({ partition: 0, value })),
    );
    await faultPoint('anomaly.after-self-times');
    lastSeq = batch.lastSeq;
    await commit(offset);
    metrics.batches.inc({}, messages.length);
  }

  function report(): void {
    counted = count(metrics, reducer, counted);
    metrics.lag.set(labels, recordsBefore(handle, position));
  }

  async function commitPosition(): Promise<void> {
    if (!reducer.isGathering && position !== committedOffset) await commit(position);
  }

  return {
    position: () => position,
    async process(records) {
      for (const { offset, value } of records) {
        if (handle.isLost()) return;
        if (offset < position) continue;
        if (value !== null) {
          await deps.schemas.learn(schemasOf(value, reader));
          for (const batch of reducer.apply(value, deps.schemas.has)) await deliver(batch, offset);
        }
        position = offset + 1;
      }
      report();
    },
    async idle() {
      if (clock.monotonicMs() - committedAtMs >= COMMIT_INTERVAL_MS) await commitPosition();
      report();
    },
    async release(why) {
      reading.detach();
      if (why !== 'failed') await commitPosition();
      metrics.lag.remove(labels);
    },
  };
}

async function lowOffset(kafka: Kafka, partition: number): Promise<number> {
  const all = await (await kafka.admin()).offsets(kafka.topic('traces'));
  return all.find((offsets) => offsets.partition === partition)?.low ?? 0;
}

type Counted = SelfTimeCounters & { readonly overflowed: number };

/** Adds what a reducer counted since the last time. */
function count(metrics: AnomalyMetrics, reducer: SelfTimeReducer, before: Counted): Counted {
  const now = { ...reducer.counters, overflowed: reducer.overflowed };
  const partial = now.partial - before.partial;
  metrics.fragments.inc({ outcome: 'observed' }, now.fragments - before.fragments - partial);
  metrics.fragments.inc({ outcome: 'partial' }, partial);
  metrics.unread.inc({ what: 'message' }, now.unreadable - before.unreadable);
  metrics.unread.inc({ what: 'span' }, now.badSpans - before.badSpans);
  metrics.unread.inc({ what: 'repeat' }, now.repeats - before.repeats);
  metrics.unread.inc({ what: 'gap' }, now.gaps - before.gaps);
  metrics.unread.inc({ what: 'overflow' }, now.overflowed - before.overflowed);
  return now;
}
