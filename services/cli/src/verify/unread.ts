import { type Kafka, partitionLog } from '@spanloom/kafka';

/** More than this many offsets are taken to hold a message, without reading them. */
const READ_MAX = 5_000;

/**
 * Messages on the topic spans that no ledger row counts yet, over all partitions; ticks do not count. A
 * partition with more than {@link READ_MAX} further offsets counts as that many.
 * @param counted per partition, the offset after the last that the ledger counts
 */
export async function uncountedMessages(
  kafka: Kafka,
  counted: ReadonlyMap<number, number>,
): Promise<number> {
  const topic = kafka.topic('spans');
  let messages = 0;
  for (const { partition, low, high } of await (await kafka.admin()).offsets(topic)) {
    const from = Math.max(low, counted.get(partition) ?? 0);
    if (high - from > READ_MAX) {
      messages += high - from;
    } else if (high > from) {
      await partitionLog(kafka, topic, partition).read(from, high, (records) => {
        for (const { value } of records) if (value !== null) messages++;
      });
    }
  }
  return messages;
}
