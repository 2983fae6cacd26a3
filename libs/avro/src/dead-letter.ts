import { AvroCursor } from './avro-cursor';
import { AvroWriter } from './avro-writer';
import { readWireHeader, WIRE_HEADER_BYTES, wireHeader } from './wire';

/**
 * A message, or one span of a message, that could not be processed. `topic`, `partition`, `offset`
 * and `index` name it: a repeat with the same four is the same letter.
 */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Position of the span in its message; -1 for the whole message or what is left of it. */
  readonly index: number;
  /** Append time of the message. */
  readonly atUnixMs: number;
  /** A short code from the closed list in docs/dead-letters.md. */
  readonly reason: string;
  readonly error: string;
  /** How often it has failed, replays included. */
  readonly attempts: number;
  /** Writer schema of `raw` when `index` ≥ 0, else 0. */
  readonly schemaId: number;
  readonly key: Buffer | null;
  /** The message's value, or the span's own Avro bytes. */
  readonly raw: Buffer;
}

/** Encodes a message of the topic `dead-letters`, layout of `DeadLetter.avsc`. */
export function encodeDeadLetter(letter: DeadLetter, schemaId: number): Buffer {
  const writer = new AvroWriter(letter.raw.length + 256);
  writer.writeRaw(wireHeader(schemaId));
  writer.writeString(letter.topic);
  writer.writeLong(letter.partition);
  writer.writeLong(letter.offset);
  writer.writeLong(letter.index);
  writer.writeLong(letter.atUnixMs);
  writer.writeString(letter.reason);
  writer.writeString(letter.error);
  writer.writeLong(letter.attempts);
  writer.writeLong(letter.schemaId);
  writer.writeLong(letter.key === null ? 0 : 1);
  if (letter.key !== null) writer.writeBytes(letter.key);
  writer.writeBytes(letter.raw);
  return writer.take();
}

/**
 * Decodes a message of the topic `dead-letters`.
 * @throws RangeError when it is not one
 */
export function decodeDeadLetter(value: Buffer): DeadLetter {
  if (readWireHeader(value) === null) throw new RangeError('not in the Confluent wire format');
  const cursor = new AvroCursor(value, WIRE_HEADER_BYTES, value.length);
  return {
    topic: cursor.text(),
    partition: cursor.long(),
    offset: cursor.long(),
    index: cursor.long(),
    atUnixMs: cursor.long(),
    reason: cursor.text(),
    error: cursor.text(),
    attempts: cursor.long(),
    schemaId: cursor.long(),
    key: cursor.long() === 0 ? null : cursor.bytes(),
    raw: cursor.bytes(),
  };
}
