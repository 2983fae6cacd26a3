import type { DeadLetter } from '@spanloom/avro';
import { RowBinaryRows } from './row-binary-rows';

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
export class DeadLetterRows extends RowBinaryRows {
  append(letter: DeadLetter): void {
    this.out.text(letter.topic);
    this.out.uint16(letter.partition);
    this.out.int64(letter.offset);
    this.out.uint32(letter.index);
    this.out.int64(letter.atUnixMs);
    this.out.text(letter.reason);
    this.out.text(letter.error);
    this.out.uint32(letter.attempts);
    this.out.uint32(letter.schemaId);
    this.out.uint8(letter.key === null ? 1 : 0);
    if (letter.key !== null) this.out.bytes(letter.key);
    this.out.bytes(letter.raw);
    this.rowCount++;
  }
}
