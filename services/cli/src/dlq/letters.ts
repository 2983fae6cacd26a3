import type { ClickHouse } from '@spanloom/clickhouse';
import type { Filter, LetterState } from './filter';
import { type LetterName, NAMED, nameParameters } from './letter-name';

/** A dead letter without its bytes. */
export interface Letter extends LetterName {
  /** Append time of its message, ISO. */
  readonly at: string;
  readonly reason: string;
  readonly error: string;
  readonly attempts: number;
  readonly schemaId: number;
  readonly rawBytes: number;
  readonly state: LetterState;
}

/** What a letter holds. */
export interface LetterBytes {
  readonly raw: Buffer;
  readonly key: Buffer | null;
}

/** How many letters there are of one kind. */
export interface HistogramRow {
  readonly reason: string;
  readonly topic: string;
  readonly partition: number;
  readonly letters: number;
  readonly open: number;
  readonly quarantined: number;
  readonly discarded: number;
  readonly replaying: number;
  readonly replayed: number;
  /** Append times, ISO. */
  readonly first: string;
  readonly last: string;
}

const iso = (column: string): string =>
  `formatDateTime(${column}, '%Y-%m-%dT%H:%i:%S', 'UTC') || 'Z'`;

const COLUMNS = `Topic AS topic, Partition AS partition, Offset AS offset, SpanIndex AS index,
  ${iso('At')} AS at, Reason AS reason, Error AS error, Attempts AS attempts, SchemaId AS schemaId,
  length(Raw) AS rawBytes, State AS state`;

/** Counts by reason, topic and partition, the most frequent first. */
export function histogram(clickhouse: ClickHouse, filter: Filter): Promise<HistogramRow[]> {
  const states = ['open', 'quarantined', 'discarded', 'replaying', 'replayed'];
  return clickhouse.query(
    `SELECT Reason AS reason, Topic AS topic, Partition AS partition, count() AS letters,
       ${states.map((state) => `countIf(State = '${state}') AS ${state}`).join(', ')},
       ${iso('min(At)')} AS first, ${iso('max(At)')} AS last
     FROM dead_letter_queue WHERE ${filter.where}
     GROUP BY Reason, Topic, Partition ORDER BY letters DESC, Reason, Topic, Partition`,
    filter.params,
  );
}

/** The newest letters first, at most `limit`. */
export function newest(clickhouse: ClickHouse, filter: Filter, limit: number): Promise<Letter[]> {
  return clickhouse.query(
    `SELECT ${COLUMNS} FROM dead_letter_queue WHERE ${filter.where}
     ORDER BY At DESC, Topic, Partition, Offset DESC, SpanIndex LIMIT {limit:UInt32}`,
    { ...filter.params, limit },
  );
}

/** Letters in the order of the log, at most `limit`: a snapshot, so that what comes meanwhile is not among them. */
export function inOrder(clickhouse: ClickHouse, filter: Filter, limit: number): Promise<Letter[]> {
  return clickhouse.query(
    `SELECT ${COLUMNS} FROM dead_letter_queue WHERE ${filter.where}
     ORDER BY Topic, Partition, Offset, SpanIndex LIMIT {limit:UInt32}`,
    { ...filter.params, limit },
  );
}

/** How many letters match. */
export async function countOf(clickhouse: ClickHouse, filter: Filter): Promise<number> {
  const [row] = await clickhouse.query<{ n: number }>(
    `SELECT count() AS n FROM dead_letter_queue WHERE ${filter.where}`,
    filter.params,
  );
  return Number(row?.n ?? 0);
}

/** The letters of these names, as they are now. */
export function named(clickhouse: ClickHouse, names: readonly LetterName[]): Promise<Letter[]> {
  return clickhouse.query(
    `SELECT ${COLUMNS} FROM dead_letter_queue WHERE ${NAMED}`,
    nameParameters(names),
  );
}

/** The bytes of letters, in the order asked for. Letters that are gone (retention) are undefined. */
export async function bytesOf(
  clickhouse: ClickHouse,
  names: readonly LetterName[],
): Promise<(LetterBytes | undefined)[]> {
  // Hex, because JSON holds text only.
  const rows = await clickhouse.query<LetterName & { raw: string; key: string | null }>(
    `SELECT Topic AS topic, Partition AS partition, Offset AS offset, SpanIndex AS index,
       hex(Raw) AS raw, hex(Key) AS key
     FROM dead_letters FINAL WHERE ${NAMED}`,
    nameParameters(names),
  );
  return names.map((name) => {
    const row = rows.find((r) => isSame(r, name));
    if (row === undefined) return undefined;
    const key = row.key === null ? null : Buffer.from(row.key, 'hex');
    return { raw: Buffer.from(row.raw, 'hex'), key };
  });
}

/** Positions of the spans of a message that have letters of their own. */
export async function spanIndexesOf(
  clickhouse: ClickHouse,
  { topic, partition, offset }: LetterName,
): Promise<ReadonlySet<number>> {
  const rows = await clickhouse.query<{ index: number }>(
    `SELECT DISTINCT SpanIndex AS index FROM dead_letters
     WHERE Topic = {topic:String} AND Partition = {partition:UInt16} AND Offset = {offset:UInt64}
       AND SpanIndex >= 0`,
    { topic, partition, offset },
  );
  return new Set(rows.map(({ index }) => index));
}

/** Whether two names name the same letter. */
export function isSame(a: LetterName, b: LetterName): boolean {
  return (
    a.topic === b.topic &&
    Number(a.partition) === b.partition &&
    Number(a.offset) === b.offset &&
    Number(a.index) === b.index
  );
}
