import type { DeadLetter } from '@spanloom/avro';
import type { AnomalyEvent } from '@spanloom/detector';

/** What names a dead letter. */
export type LetterName = Pick<DeadLetter, 'topic' | 'partition' | 'offset' | 'index'>;

/** A query with one row and one column `present`, 0 or 1: whether a block's rows are in their table. */
export interface PresenceCheck {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The sequence numbers and log-clock times of the rows of one block: those of the first and the last. */
export class SeqSpan {
  private first: Mark | null = null;
  private last: Mark | null = null;

  add(seq: number, atS: number): void {
    this.first ??= { seq, atS };
    this.last = { seq, atS };
  }

  /** The row added last; null without rows. */
  get newest(): Mark | null {
    return this.last;
  }

  reset(): void {
    this.first = null;
    this.last = null;
  }

  /**
   * All rows of a block become visible together, except that a block over midnight makes two parts:
   * hence the first and the last. Times narrow the search to the parts of those days.
   */
  check(table: string, timeColumn: string, partition: number): PresenceCheck {
    const { first, last } = this;
    if (first === null || last === null) throw new Error(`a block without rows for ${table}`);
    return {
      sql:
        `SELECT uniqExact(Seq) = {n:UInt8} AS present FROM ${table}` +
        ` WHERE Partition = {p:UInt16} AND Seq IN ({a:UInt64}, {b:UInt64})` +
        ` AND ${timeColumn} >= toDateTime({t:UInt32}) AND ${timeColumn} <= toDateTime({u:UInt32})`,
      params: {
        n: first.seq === last.seq ? 1 : 2,
        p: partition,
        a: first.seq,
        b: last.seq,
        t: Math.min(first.atS, last.atS),
        u: Math.max(first.atS, last.atS),
      },
    };
  }

  /**
   * Rows of panes and of `service_edges` merge with others, but remember the last entry of each
   * partition that is in them. Entries go in in order, so a number not below the first of the block
   * means the block.
   */
  checkMerging(table: string, partition: number): PresenceCheck {
    const { first } = this;
    if (first === null) throw new Error(`a block without rows for ${table}`);
    return {
      sql:
        `SELECT max(Seqs[{p:UInt16}]) >= {a:UInt64} AS present FROM ${table}` +
        ' WHERE StoredAt >= toDateTime({t:UInt32})',
      params: { p: partition, a: first.seq, t: first.atS },
    };
  }
}

/** Number and log-clock time of a row. */
export interface Mark {
  readonly seq: number;
  readonly atS: number;
}

/** Whether a dead letter is in its table. */
export function letterCheck(letter: LetterName): PresenceCheck {
  return {
    sql:
      'SELECT count() > 0 AS present FROM dead_letters WHERE Topic = {t:String}' +
      ' AND Partition = {p:UInt16} AND Offset = {o:UInt64} AND SpanIndex = {i:Int32}',
    params: { t: letter.topic, p: letter.partition, o: letter.offset, i: letter.index },
  };
}

/** Whether an anomaly is in its table. */
export function anomalyCheck({ id, atS }: AnomalyEvent): PresenceCheck {
  return {
    sql: 'SELECT count() > 0 AS present FROM anomalies WHERE At = toDateTime({t:UInt32}) AND Id = {i:String}',
    params: { t: atS, i: id },
  };
}
