import type { KafkaRecord } from '@spanloom/kafka';
import type { SeqGate } from './seq-gate';

/** Rows for one table in RowBinary. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  /** A view: valid until the block changes. */
  readonly body: Buffer;
  readonly rowCount: number;
}

/** Rows made of consecutive records of one partition. Which rows is decided by the records and the gate alone. */
export interface Block {
  /** Adds what a record holds. What cannot be read becomes a dead letter. */
  add(record: KafkaRecord, gate: SeqGate): void;
  readonly bytes: number;
  readonly rowCount: number;
  /** Tables that have rows. */
  tables(): readonly TableRows[];
  reset(): void;
}

/** Buffers larger than this are given back after a block, so that an idle sink is small. */
export const KEEP_BYTES_MAX = 4 * 1024 * 1024;
