import type { DeadLetter } from '@spanloom/avro';
import { RowWriter } from './row-writer';

/** Columns of `dead_letters` in the order in which {@link DeadLetterRows} writes them. */
export const DEAD_LETTER_COLUMNS = [
  'Topic',
  'Partition',
  'Offset',
  'SpanIndex',
  'At',
  'Reason',
  'Error',
  'Attempts',
  'SchemaId',
  'Key',
  'Raw',
] as const;

/** Rows of `dead_letters`. */
export class DeadLetterRows extends RowWriter {
  append(letter: DeadLetter): void {
    this.text(letter.topic);
    this.uint16(letter.partition);
    this.int64(letter.offset);
    this.uint32(letter.index);
    this.int64(letter.atUnixMs);
    this.text(letter.reason);
    this.text(letter.error);
    this.uint32(letter.attempts);
    this.uint32(letter.schemaId);
    this.uint8(letter.key === null ? 1 : 0);
    if (letter.key !== null) this.bytes(letter.key);
    this.bytes(letter.raw);
    this.rowCount++;
  }
}
