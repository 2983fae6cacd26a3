import { CONCURRENT_MAX, type Driver, FETCH, FOREIGN } from './driver';
import { loadForeign } from './foreign';

/** As much of @platformatic/kafka 1.35 as is used here. */
interface Producer {
  send(options: object): Promise<unknown>;
  close(): Promise<void>;
}
interface Stream {
  on(event: 'data', listener: (message: { readonly value: Buffer }) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  close(): Promise<void>;
}
interface Consumer {
  consume(options: object): Promise<Stream>;
  close(force: boolean): Promise<void>;
}
interface Platformatic {
  readonly Producer: new (options: object) => Producer;
  readonly Consumer: new (options: object) => Consumer;
}

/** @platformatic/kafka with buffers in and out, as its serializers are left out by default. */
export async function platformaticDriver(folder: string): Promise<Driver> {
  const module = await loadForeign(folder, FOREIGN.platformatic as string);
  const { Producer, Consumer } = module as Platformatic;
  return {
    async producer({ brokers, topic, compression }) {
      const producer = new Producer({ clientId: 'bench-platformatic', bootstrapBrokers: brokers });
      return {
        async send(records) {
          const messages = records.map(({ partition, key, value }) => ({
            topic,
            partition,
            key: key ?? undefined,
            value,
          }));
          await producer.send({ messages, acks: -1, compression });
        },
        close: () => producer.close(),
      };
    },
    async consumer({ brokers, topic }, groupId, onValue) {
      const consumer = new Consumer({
        clientId: 'bench-platformatic',
        bootstrapBrokers: brokers,
        groupId,
        maxWaitTime: FETCH.wait_ms_max,
        minBytes: FETCH.bytes_min,
        maxBytes: FETCH.bytes_max,
        maxBytesPerPartition: FETCH.partition_bytes_max,
        // Messages that its stream holds ready; its default of 1024 leaves no room for two fetches.
        highWaterMark: CONCURRENT_MAX * 4096,
      });
      const stream = await consumer.consume({
        topics: [topic],
        mode: 'earliest',
        autocommit: false,
      });
      stream.on('data', ({ value }) => onValue(value));
      stream.on('error', (error) => {
        throw error;
      });
      return {
        async close() {
          await stream.close();
          await consumer.close(true);
        },
      };
    },
  };
}
