import { encodeDeadLetter } from '@spanloom/avro';
import type { Kafka, KafkaRecord, OutgoingRecord, Producer } from '@spanloom/kafka';
import type { EntrySink, ScannedDeadLetter } from '@spanloom/window';
import type { MessagePool } from './message-pool';

/** A message on `traces` is cut when it holds this much; one more entry still fits the broker's limit. */
const MESSAGE_BYTES = 200_000;
const RAW_BYTES_MAX = 900_000;
/** What has gathered is sent when it is this much, and at the end of each fetched batch. */
const OUTPUT_BYTES = 2_000_000;
/** A key is a trace id as a rule; with its whole the letter might not fit into a message. */
const KEY_BYTES_MAX = 8_192;
/** Header that says how often a message has failed before, set when a dead letter is replayed. */
export const ATTEMPTS_HEADER = 'spanloom-attempts';

/** Ids of the schemas that the assembler writes with. */
export interface OutputSchemas {
  readonly traceFragment: number;
  readonly deadLetter: number;
}

/** What one partition's owner has to write: gathered, then sent in order. */
export interface Output extends EntrySink {
  addDeadLetters(record: KafkaRecord, letters: readonly ScannedDeadLetter[]): void;
  /** Bytes gathered and not sent. */
  readonly bytes: number;
  /** Entries begun so far. */
  readonly entries: number;
  /** Among what is gathered is a letter that a registry asked at another moment may have spared. */
  readonly restsOnRegistry: boolean;
  /** Sends everything, letters first, since entries may follow from them; resolves when all of it is acknowledged. */
  flush(): Promise<void>;
}

/** @param partition number of the partition of `spans`, and of `traces` */
export function createOutput(
  partition: number,
  deps: {
    readonly kafka: Kafka;
    readonly producer: Producer;
    readonly schemas: OutputSchemas;
    readonly messagePool: MessagePool;
  },
): Output {
  const { kafka, producer, schemas, messagePool } = deps;
  /** Messages in the order of their entries; the last one is being written. */
  let current = messagePool.take(partition);
  let messages = [current];
  let letters: OutgoingRecord[] = [];
  let bytes = 0;
  let entries = 0;
  let restsOnRegistry = false;

  /** Sends the messages that hold something, and gives their buffers back. */
  async function sendTraces(): Promise<void> {
    const sending = messages.filter((message) => message.entryCount > 0);
    if (sending.length === 0) return;
    current = messagePool.take(partition);
    messages = [current];
    const records = sending.map((message) => ({
      partition,
      value: message.view(schemas.traceFragment),
    }));
    await producer.send(kafka.topic('traces'), records);
    // Not after an error: a request that was given up may still be on its way, with these bytes.
    for (const message of sending) messagePool.give(message);
  }

  return {
    get bytes() {
      return bytes;
    },
    get isFull() {
      return bytes > OUTPUT_BYTES;
    },
    get entries() {
      return entries;
    },
    get restsOnRegistry() {
      return restsOnRegistry;
    },
    begin(seq, length) {
      if (current.bytes > 0 && current.bytes + length > MESSAGE_BYTES) {
        current = messagePool.take(partition);
        messages.push(current);
      }
      bytes += length;
      entries++;
      return current.begin(seq, length);
    },
    addDeadLetters(record, scanned) {
      const attempts = Number(record.headers[ATTEMPTS_HEADER]?.toString() ?? 0) + 1;
      for (const letter of scanned) {
        restsOnRegistry ||= letter.reason === 'schema-unknown';
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
            key: record.key?.subarray(0, KEY_BYTES_MAX) ?? null,
            raw: letter.raw.subarray(0, RAW_BYTES_MAX),
          },
          schemas.deadLetter,
        );
        letters.push({ partition, value });
        bytes += value.length;
      }
    },
    async flush() {
      const sendingLetters = letters;
      letters = [];
      bytes = 0;
      restsOnRegistry = false;
      if (sendingLetters.length > 0) {
        await producer.send(kafka.topic('dead-letters'), sendingLetters);
      }
      await sendTraces();
    },
  };
}
