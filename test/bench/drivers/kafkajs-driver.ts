import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { CONCURRENT_MAX, type Driver, FETCH } from './driver';
import { openPort } from './port';

function connect(brokers: readonly string[]): Kafka {
  // kafkajs has no lz4 of its own. Opening the port, which does not connect yet, gives it the port's.
  openPort(brokers);
  return new Kafka({
    brokers: [...brokers],
    clientId: 'bench-kafkajs',
    logLevel: logLevel.ERROR,
  });
}

const TYPES = { none: CompressionTypes.None, lz4: CompressionTypes.LZ4 } as const;

/** kafkajs' own producer and consumer. */
export const kafkajsDriver: Driver = {
  async producer({ brokers, topic, compression }) {
    const producer = connect(brokers).producer();
    await producer.connect();
    return {
      async send(records) {
        await producer.send({
          topic,
          acks: -1,
          compression: TYPES[compression],
          messages: records.map(({ partition, key, value }) => ({ partition, key, value })),
        });
      },
      close: () => producer.disconnect(),
    };
  },
  async consumer({ brokers, topic }, groupId, onValue) {
    const consumer = connect(brokers).consumer({
      groupId,
      maxWaitTimeInMs: FETCH.wait_ms_max,
      minBytes: FETCH.bytes_min,
      maxBytes: FETCH.bytes_max,
      maxBytesPerPartition: FETCH.partition_bytes_max,
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: CONCURRENT_MAX,
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) onValue(value as Buffer);
      },
    });
    return { close: () => consumer.disconnect() };
  },
};
