import type { DeadLetter } from '@spanloom/avro';
import type { KafkaRecord } from '@spanloom/kafka';
import { DEAD_LETTER_COLUMNS, DeadLetterRows } from '@spanloom/rowbinary';
import type { BlockTable } from './block';
import { type LetterName, letterCheck } from './presence';
import { unreadable } from './unreadable';

type Found = Parameters<typeof unreadable>[2];

/** The dead letters of a block. */
export interface Letters {
  readonly table: BlockTable;
  /** Parts of the next record are numbered from 0. */
  beginRecord(): void;
  /** Adds a letter for a part of the record. */
  addPart(record: KafkaRecord, found: Found): void;
  /** Adds a letter for the record, or for what is left of it. */
  addWhole(record: KafkaRecord, found: Found): void;
  /** Adds a letter that somebody else wrote. */
  add(letter: DeadLetter): void;
  reset(): void;
}

/** @param onUnreadable told of each letter that the sink itself writes */
export function createLetters(topic: string, partition: number, onUnreadable: () => void): Letters {
  const rows = new DeadLetterRows();
  let first: LetterName | null = null;
  let parts = 0;

  function add(letter: DeadLetter): void {
    if (first === null) {
      // Not the letter itself: its bytes belong to a fetched response.
      const { topic, partition, offset, index } = letter;
      first = { topic, partition, offset, index };
    }
    rows.append(letter);
  }
  function addOwn(record: KafkaRecord, index: number, found: Found): void {
    onUnreadable();
    add(unreadable({ topic, partition, index }, record, found));
  }
  return {
    table: {
      table: 'dead_letters',
      columns: DEAD_LETTER_COLUMNS,
      rows,
      presence: () => {
        if (first === null) throw new Error('a block without dead letters');
        return letterCheck(first);
      },
    },
    beginRecord() {
      parts = 0;
    },
    addPart: (record, found) => addOwn(record, parts++, found),
    addWhole: (record, found) => addOwn(record, -1, found),
    add,
    reset() {
      first = null;
    },
  };
}
