import { systemClock } from '@spanloom/runtime';
import { createAdmin } from './admin';
import type { Admin, Kafka, KafkaDeps, Registry } from './api';
import { registerCodecs } from './codecs';
import { type KafkaConfig, MESSAGE_BYTES_MAX_DEFAULT } from './config';
import { createConnections, QUICK_RETRY } from './connection';
import { asSpanloomError } from './kafka-errors';
import { runPartitions } from './partition-runner';
import { createProducer } from './producer';
import { readLogRange } from './read-range';
import type { KafkaRecord, LogRange } from './record';
import { createRegistry } from './registry';
import { topicName } from './topics';
import { watchProducer } from './watch-producer';

/** Makes the port to one Kafka cluster and its schema registry. Connects on first use. 'config-invalid' for bad settings. */
export function createKafka(config: KafkaConfig, deps: KafkaDeps): Kafka {
  registerCodecs();
  const clock = systemClock;
  const { logger } = deps;
  const connections = createConnections(config, deps.clientId, logger);
  const message_bytes_max = config.message_bytes_max ?? MESSAGE_BYTES_MAX_DEFAULT;
  const closers: (() => Promise<void>)[] = [];
  let admin: Promise<Admin> | null = null;
  let registry: Registry | null = null;

  async function connectAdmin(): Promise<Admin> {
    const client = connections.client.admin({ retry: QUICK_RETRY });
    try {
      await client.connect();
    } catch (error) {
      admin = null;
      throw asSpanloomError(error, `connecting to Kafka at ${config.kafka_brokers.join(', ')}`);
    }
    closers.push(() => client.disconnect());
    return createAdmin(client, connections.withCluster, config.kafka_brokers);
  }

  return {
    topic: (name) => topicName(config.topic_prefix, name),
    admin() {
      admin ??= connectAdmin();
      return admin;
    },
    async producer(options) {
      const producer = await createProducer(
        connections,
        { ...options, message_bytes_max },
        { logger, clock },
      );
      closers.push(() => producer.close());
      const { onSlow } = options;
      return onSlow === undefined ? producer : watchProducer(producer, { clock, onSlow });
    },
    async runPartitions(options) {
      const runner = await runPartitions(connections, options, { logger, clock });
      closers.push(() => runner.stop());
      return runner;
    },
    readRange: (range, onRecords) =>
      connections.withCluster((cluster) => readLogRange(cluster, range, onRecords, clock)),
    registry() {
      registry ??= createRegistry(config.schema_registry_url, logger);
      return registry;
    },
    async close() {
      const undo = closers.splice(0).reverse();
      for (const close of undo) {
        await close().catch((error: unknown) =>
          logger.warn({ err: error }, 'closing Kafka failed'),
        );
      }
    },
  };
}

/** Reads records with from ≤ offset < to of one partition, outside of any group; see `Kafka.readRange`. */
export function readRange(
  kafka: Kafka,
  topic: string,
  partition: number,
  fromOffset: number,
  toOffset: number,
  onRecords: (records: readonly KafkaRecord[]) => Promise<void> | void,
): Promise<void> {
  const range: LogRange = { topic, partition, from: fromOffset, to: toOffset };
  return kafka.readRange(range, onRecords);
}

/** One partition of a topic, to be read outside of any group. */
export function partitionLog(kafka: Kafka, topic: string, partition: number) {
  return {
    /** First offset with a timestamp at or after `timestampMs`; null when there is none. */
    async offsetAt(timestampMs: number): Promise<number | null> {
      return (await kafka.admin()).offsetForTimestamp(topic, partition, timestampMs);
    },
    /** See `Kafka.readRange`. */
    read: (
      from: number,
      to: number,
      onRecords: (records: readonly KafkaRecord[]) => Promise<void> | void,
    ): Promise<void> => kafka.readRange({ topic, partition, from, to }, onRecords),
  };
}
