import type { DeadLetter } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';

/** Why the sink could not read something: a message, or a segment's spans. */
export type UnreadableReason = 'malformed' | 'schema-unknown';

/** Where it was: (topic, partition, offset, index) names the letter. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  /** Counts up within a record, from 0; -1 for what is left of the record. */
  readonly index: number;
}

/** The dead letter for something that the sink could not read. */
export function unreadable(
  place: Place,
  record: KafkaRecord,
  found: {
    readonly raw: Buffer;
    readonly schemaId: number;
    readonly reason: UnreadableReason;
    readonly error: string;
  },
): DeadLetter {
  return {
    ...place,
    ...found,
    offset: record.offset,
    atUnixMs: record.timestampMs,
    attempts: 1,
    key: record.key,
  };
}

/** What there is to say of a record that is not in the topic's format at all. */
export function wholeRecord(record: KafkaRecord, error: string) {
  const raw = record.value ?? Buffer.alloc(0);
  return { raw, schemaId: 0, reason: 'malformed' as const, error };
}
