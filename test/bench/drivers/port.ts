import { createKafka, type Kafka } from '@spanloom/kafka';
import { createLogger } from '@spanloom/runtime';

/** Spanloom's port to a Kafka, to be used without a schema registry. */
export function openPort(brokers: readonly string[]): Kafka {
  const config = {
    kafka_brokers: brokers,
    // Nothing asks it: messages are encoded with a made-up schema id.
    schema_registry_url: 'http://127.0.0.1:9/',
    topic_prefix: '',
    partitions: 1,
    replication_factor: 1,
  };
  const logger = createLogger({ service: 'bench-drivers', level: 'warn' });
  return createKafka(config, { logger, clientId: 'spanloom-bench' });
}
