import type { Driver } from './driver';
import { openPort } from './port';

/** The port of @spanloom/kafka, which the services use. */
export const spanloomDriver: Driver = {
  async producer({ brokers, topic, compression }) {
    const kafka = openPort(brokers);
    const producer = await kafka.producer({ compression });
    return {
      async send(records) {
        await producer.send(topic, records);
      },
      close: () => kafka.close(),
    };
  },
  async consumer({ brokers, topic }, groupId, onValue) {
    const kafka = openPort(brokers);
    await kafka.runPartitions({
      groupId,
      topic,
      onFatal: (error) => {
        throw error;
      },
      createProcessor: async () => {
        let next = 0;
        return {
          position: () => next,
          process: async (records) => {
            for (const { value } of records) onValue(value as Buffer);
            next = (records.at(-1)?.offset ?? 0) + 1;
          },
          idle: async () => undefined,
          release: async () => undefined,
        };
      },
    });
    return { close: () => kafka.close() };
  },
};
