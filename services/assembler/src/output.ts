import { encodeDeadLetter, FragmentBatchBuilder } from '@spanloom/avro';
import type { Kafka, KafkaRecord, OutgoingRecord, Producer } from '@spanloom/kafka';
import type { Entry, ScannedDeadLetter } from '@spanloom/window';

/** A message on `traces` is cut when it holds this much; one more entry still fits the broker's limit. */
const MESSAGE_BYTES = 200_000;
const RAW_BYTES_MAX = 900_000;
/** Header that says how often a message has failed before, set when a dead letter is replayed. */
export const ATTEMPTS_HEADER = 'spanloom-attempts';

/** Ids of the schemas that the assembler writes with. */
export interface OutputSchemas {
  readonly traceFragment: number;
  readonly deadLetter: number;
}

/** What one partition's owner has to write: gathered, then sent in order. */
export interface Output {
  /** Adds entries for `traces`; sequence numbers must go on without a gap. */
  addEntries(entries: readonly Entry[]): void;
  addDeadLetters(record: KafkaRecord, letters: readonly ScannedDeadLetter[]): void;
  /** Bytes gathered and not sent. */
  readonly bytes: number;
  /** Sends everything; resolves when all of it is acknowledged. */
  flush(): Promise<void>;
}

/** @param partition number of the partition of `spans`, and of `traces` */
export function createOutput(
  partition: number,
  deps: {
    readonly kafka: Kafka;
    readonly producer: Producer;
    readonly schemas: OutputSchemas;
  },
): Output {
  const { kafka, producer, schemas } = deps;
  const builder = new FragmentBatchBuilder(partition);
  let traces: OutgoingRecord[] = [];
  let letters: OutgoingRecord[] = [];
  let bytes = 0;

  function cutMessage(): void {
    if (builder.entryCount === 0) return;
    traces.push({ partition, value: builder.finish(schemas.traceFragment) });
    builder.reset();
  }

  return {
    get bytes() {
      return bytes;
    },
    addEntries(entries) {
      for (const entry of entries) {
        if (builder.bytes > 0 && builder.bytes + entry.bytes.length > MESSAGE_BYTES) cutMessage();
        builder.add(entry.seq, entry.bytes);
        bytes += entry.bytes.length;
      }
    },
    addDeadLetters(record, scanned) {
      const attempts = Number(record.headers[ATTEMPTS_HEADER]?.toString() ?? 0) + 1;
      for (const letter of scanned) {
        const value = encodeDeadLetter(
          {
            topic: kafka.topic('spans'),
            partition,
            offset: record.offset,
            index: letter.index,
            atUnixMs: record.timestampMs,
            reason: letter.reason,
            error: '',
            attempts: Number.isSafeInteger(attempts) ? attempts : 1,
            schemaId: letter.schemaId,
            key: record.key,
            raw: letter.raw.subarray(0, RAW_BYTES_MAX),
          },
          schemas.deadLetter,
        );
        letters.push({ partition, value });
        bytes += value.length;
      }
    },
    async flush() {
      cutMessage();
      const sending = traces;
      const sendingLetters = letters;
      traces = [];
      letters = [];
      bytes = 0;
      if (sendingLetters.length > 0) {
        await producer.send(kafka.topic('dead-letters'), sendingLetters);
      }
      if (sending.length > 0) await producer.send(kafka.topic('traces'), sending);
    },
  };
}
