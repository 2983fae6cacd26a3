import type { Kafka, KafkaRecord, TopicName } from '@spanloom/kafka';

/** Reads a topic from its beginning to its present end, a piece at a time, outside of any group. */
export interface TopicFollower {
  /** Shows every record that came since the last call, in order; buffers are copies. */
  next(onRecord: (partition: number, record: KafkaRecord) => void): Promise<void>;
}

/** Follows all partitions of a topic. */
export function followTopic(kafka: Kafka, name: TopicName): TopicFollower {
  const positions = new Map<number, number>();
  return {
    async next(onRecord) {
      const topic = kafka.topic(name);
      for (const { partition, low, high } of await (await kafka.admin()).offsets(topic)) {
        const from = positions.get(partition) ?? low;
        if (high <= from) continue;
        await kafka.readRange({ topic, partition, from, to: high }, (records) => {
          for (const record of records) {
            const value = record.value === null ? null : Buffer.from(record.value);
            onRecord(partition, { ...record, value });
            // Told at once: where reading breaks off, it goes on after what was shown.
            positions.set(partition, record.offset + 1);
          }
        });
        positions.set(partition, high);
      }
    },
  };
}
