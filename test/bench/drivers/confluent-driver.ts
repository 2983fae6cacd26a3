import { CONCURRENT_MAX, type Driver, FETCH, FOREIGN } from './driver';
import { loadForeign } from './foreign';

interface Producer {
  connect(): Promise<void>;
  send(record: object): Promise<unknown>;
  disconnect(): Promise<void>;
}
interface Batch {
  readonly batch: { readonly messages: readonly { readonly value: Buffer }[] };
}
interface Consumer {
  connect(): Promise<void>;
  subscribe(subscription: object): Promise<void>;
  run(config: {
    readonly partitionsConsumedConcurrently: number;
    eachBatch(payload: Batch): Promise<void>;
  }): Promise<void>;
  disconnect(): Promise<void>;
}
interface Client {
  producer(config: object): Producer;
  consumer(config: object): Consumer;
}
/** As much of @confluentinc/kafka-javascript 1.10 as is used here. */
interface Confluent {
  readonly KafkaJS: { readonly Kafka: new (config: object) => Client };
}

const ERRORS_ONLY = 1;

/** @confluentinc/kafka-javascript: librdkafka behind an interface like that of kafkajs. */
export async function confluentDriver(folder: string): Promise<Driver> {
  const { KafkaJS } = (await loadForeign(folder, FOREIGN.confluent as string)) as Confluent;
  const connect = (brokers: readonly string[]): Client =>
    new KafkaJS.Kafka({ kafkaJS: { brokers, clientId: 'bench-confluent', logLevel: ERRORS_ONLY } });
  return {
    async producer({ brokers, topic, compression }) {
      const producer = connect(brokers).producer({ kafkaJS: { acks: -1, compression } });
      await producer.connect();
      return {
        async send(records) {
          const messages = records.map(({ partition, key, value }) => ({ partition, key, value }));
          await producer.send({ topic, messages });
        },
        close: () => producer.disconnect(),
      };
    },
    async consumer({ brokers, topic }, groupId, onValue) {
      const consumer = connect(brokers).consumer({
        kafkaJS: {
          groupId,
          fromBeginning: true,
          autoCommit: false,
          maxWaitTimeInMs: FETCH.wait_ms_max,
          minBytes: FETCH.bytes_min,
          maxBytes: FETCH.bytes_max,
          maxBytesPerPartition: FETCH.partition_bytes_max,
        },
        'js.consumer.max.batch.size': -1,
      });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic] });
      await consumer.run({
        partitionsConsumedConcurrently: CONCURRENT_MAX,
        eachBatch: async ({ batch }) => {
          for (const { value } of batch.messages) onValue(value);
        },
      });
      return { close: () => consumer.disconnect() };
    },
  };
}
