import { type Clock, retry } from '@spanloom/runtime';
import { type Connections, partitionsByLeader, recover } from './connection';
import { asSpanloomError } from './kafka-errors';
import { type OutgoingBatch, produceTo } from './produce-protocol';
import type { OutgoingRecord } from './record';
import { encodeRecordBatch } from './record-batch-writer';

const SEQUENCE_LIMIT = 2 ** 31;
/** How long the broker may wait for its replicas. */
const ACKNOWLEDGE_WITHIN_MS = 20_000;

/** A cluster that has just started may not give out producer ids yet. */
const CONNECT_RETRY = { attempts_max: 8, base_ms: 100, max_ms: 1_000 } as const;

/** Records of one partition that go into one batch. */
export interface PartitionRecords {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly OutgoingRecord[];
}

/** Connections to write through and, when idempotent, one producer id with its sequence numbers. */
export interface ProduceSession {
  /** Encodes batches and gives them their sequence numbers: they are to be sent in this order, or the session given up. */
  encode(parts: Iterable<PartitionRecords>): Promise<readonly OutgoingBatch[]>;
  /** Sends those that are not acknowledged yet. Throws kafkajs' error when one is refused; then it can be called again. */
  send(batches: readonly OutgoingBatch[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens connections, and asks for a producer id when `idempotent`: the broker then drops a batch that it
 * has already, so a request whose answer was lost can be sent again.
 * @param compression its number on the wire
 */
export async function openProduceSession(
  connections: Connections,
  options: { readonly idempotent: boolean; readonly compression: number },
  clock: Clock,
): Promise<ProduceSession> {
  const cluster = connections.createCluster();
  const sequences = new Map<string, number>();
  const producer = await retry(identify, {
    ...CONNECT_RETRY,
    clock,
    isRetriable: (error) => asSpanloomError(error, 'connecting a producer').retriable,
  }).catch((error: unknown) => {
    void cluster.disconnect().catch(() => undefined);
    throw asSpanloomError(error, 'connecting a producer');
  });

  async function identify(): Promise<{ id: bigint; epoch: number } | null> {
    await cluster.connect();
    if (!options.idempotent) return null;
    await cluster.refreshMetadataIfNecessary();
    const broker = await cluster.findControllerBroker();
    const { producerId, producerEpoch } = await broker.initProducerId({});
    return { id: BigInt(producerId), epoch: producerEpoch };
  }

  /** The partition's next sequence number; they wrap around. */
  function reserve(key: string, count: number): number {
    const first = sequences.get(key) ?? 0;
    sequences.set(key, (first + count) % SEQUENCE_LIMIT);
    return first;
  }

  /** By leader; throws when a partition has none. */
  async function route(
    batches: readonly OutgoingBatch[],
  ): Promise<ReadonlyMap<number, readonly OutgoingBatch[]>> {
    await cluster.addMultipleTargetTopics([...new Set(batches.map((batch) => batch.topic))]);
    await cluster.refreshMetadataIfNecessary();
    const routed = new Map<number, OutgoingBatch[]>();
    for (const batch of batches) {
      const [leader] = partitionsByLeader(cluster, batch.topic, [batch.partition]).keys();
      if (leader === undefined) {
        throw new Error(`${batch.topic}/${batch.partition} has no leader`);
      }
      const list = routed.get(leader);
      if (list === undefined) routed.set(leader, [batch]);
      else list.push(batch);
    }
    return routed;
  }

  async function sendTo(leader: number, batches: readonly OutgoingBatch[]): Promise<void> {
    const broker = await cluster.findBroker({ nodeId: leader });
    await produceTo(broker, batches, ACKNOWLEDGE_WITHIN_MS);
  }

  return {
    async encode(parts) {
      const batches: OutgoingBatch[] = [];
      for (const { topic, partition, records } of parts) {
        const sequence =
          producer === null
            ? undefined
            : { ...producer, firstSequence: reserve(`${topic}/${partition}`, records.length) };
        const { compression } = options;
        const encoded = await encodeRecordBatch(records, compression, clock.nowMs(), sequence);
        batches.push({ topic, partition, encoded, acknowledged: false, appendedAt_ms: null });
      }
      return batches;
    },
    async send(batches) {
      try {
        const routed = await route(batches.filter((batch) => !batch.acknowledged));
        const sent = [...routed].map(([leader, list]) => sendTo(leader, list));
        for (const outcome of await Promise.allSettled(sent)) {
          if (outcome.status === 'rejected') throw outcome.reason;
        }
      } catch (error) {
        await recover(cluster, error);
        throw error;
      }
    },
    close: () => cluster.disconnect(),
  };
}
