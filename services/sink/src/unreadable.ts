import type { DeadLetter } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';

/** The dead letter for something that the sink could not read; (topic, partition, offset, index) names it. */
export function unreadable(
  topic: string,
  partition: number,
  record: KafkaRecord,
  index: number,
  raw: Buffer,
  schemaId: number,
): DeadLetter {
  return {
    topic,
    partition,
    offset: record.offset,
    index,
    atUnixMs: record.timestampMs,
    reason: 'malformed',
    error: 'the sink could not read it',
    attempts: 1,
    schemaId,
    key: record.key,
    raw,
  };
}
