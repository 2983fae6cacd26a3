import type { KafkaRecord } from '@spanloom/kafka';
import type { RowFormat, Rows } from '@spanloom/rowbinary';
import type { PresenceCheck, SeqSpan } from './presence';
import type { SeqGate } from './seq-gate';

/** Rows for one table. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly format: RowFormat;
  /** Views, in order: valid until the block changes. */
  readonly body: readonly Buffer[];
  readonly rowCount: number;
  /** How to ask whether these rows are in the table. */
  readonly presence: PresenceCheck;
}

/** Rows made of consecutive records of one partition. Which rows is decided by the records and the gate alone. */
export interface Block {
  /** Adds what a record holds. What cannot be read becomes a dead letter. */
  add(record: KafkaRecord, gate: SeqGate): Promise<void>;
  readonly bytes: number;
  readonly rowCount: number;
  /** Log clock of the newest entry, in seconds; null without one, or where entries tell none. */
  readonly newestAtS: number | null;
  /** Tables that have rows. */
  tables(): readonly TableRows[];
  reset(): void;
}

/** One of a block's tables. */
export interface BlockTable {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: Rows;
  /** Writes what the rows still hold back; called before they are taken, perhaps more than once. */
  readonly finish?: () => void;
  /** Asked only when there are rows. */
  readonly presence: () => PresenceCheck;
}

/** Buffers larger than this are given back after a block, so that an idle sink is small. */
const KEEP_BYTES_MAX = 512 * 1024;

/**
 * A block from its tables, in the order in which they are inserted, the way a record is added, what
 * else begins anew with each block, and the entries in it where they tell the log clock.
 */
export function createBlock(
  all: readonly BlockTable[],
  add: Block['add'],
  others: readonly { reset(): void }[],
  entries: SeqSpan | null = null,
): Block {
  const sum = (of: (rows: Rows) => number): number =>
    all.reduce((total, { rows }) => total + of(rows), 0);
  return {
    add,
    get bytes() {
      return sum((rows) => rows.byteCount);
    },
    get rowCount() {
      return sum((rows) => rows.rowCount);
    },
    get newestAtS() {
      return entries?.newest?.atS ?? null;
    },
    tables: () => {
      for (const { finish } of all) finish?.();
      return all
        .filter(({ rows }) => rows.rowCount > 0)
        .map(({ table, columns, rows, presence }): TableRows => {
          const { format, rowCount } = rows;
          return { table, columns, format, body: rows.views(), rowCount, presence: presence() };
        });
    },
    reset() {
      for (const { rows } of all) rows.reset(KEEP_BYTES_MAX);
      for (const other of others) other.reset();
    },
  };
}
