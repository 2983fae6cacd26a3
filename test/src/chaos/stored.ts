import type { ClickHouse } from '@spanloom/clickhouse';
import { fragmentRow, type LogOracle, ledgerRow } from './log-oracle';

/** How many of what was expected is in the tables, and nothing else. */
export interface Tally {
  readonly expected: number;
  /** Those that are there once, and right. */
  readonly equal: number;
  /** Rows beyond the first of one, and rows that should not be there. */
  readonly surplus: number;
  /** A few of what is wrong, for a person. */
  readonly wrong: readonly string[];
}

/** Rows of `trace_fragments` and `ledger`, without removal of doubles. */
const FRAGMENTS_SQL = `
SELECT Partition AS p, Seq AS n, TraceId AS id, toString(Reason) AS reason, Late AS late,
  toUnixTimestamp(OpenedAt) AS opened, toUnixTimestamp(ClosedAt) AS closed,
  SpanCount AS spans, DuplicateCount AS duplicates
FROM trace_fragments`;
const LEDGER_SQL = `
SELECT Partition AS p, Seq AS n, FromOffset AS f, ToOffset AS t, Received AS r, DeadLettered AS d,
  SampledOut AS s, OpenSpans AS o
FROM ledger`;
const LETTERS_SQL = `
SELECT Partition AS p, Offset AS n, SpanIndex AS i, Reason AS reason
FROM dead_letters FINAL WHERE Topic = {topic:String}`;

const WRONG_MAX = 10;

type Row = Readonly<Record<string, string | number | boolean>>;

/** Compares rows, by name, with what they should be. */
function tally(expected: ReadonlyMap<string, string>, rows: Iterable<[string, string]>): Tally {
  const seen = new Set<string>();
  const wrong: string[] = [];
  let equal = 0;
  let surplus = 0;
  for (const [name, text] of rows) {
    const right = expected.get(name);
    if (seen.has(name) || right === undefined) {
      surplus++;
      wrong.push(`${name}: ${text} is there ${right === undefined ? 'for no reason' : 'twice'}`);
    } else if (right === text) equal++;
    else wrong.push(`${name}: ${text} instead of ${right}`);
    seen.add(name);
  }
  for (const [name, text] of expected)
    if (!seen.has(name)) wrong.push(`${name}: ${text} is missing`);
  return { expected: expected.size, equal, surplus, wrong: wrong.slice(0, WRONG_MAX) };
}

/** Compares the fragments and ledger entries in ClickHouse with those that the log says. */
export async function compareEntries(clickhouse: ClickHouse, oracle: LogOracle): Promise<Tally> {
  const expected = new Map<string, string>();
  oracle.partitions.forEach(({ rows }, partition) => {
    for (const [i, text] of rows.entries()) expected.set(`${partition}/${i + 1}`, text);
  });
  const found: [string, string][] = [];
  for (const r of await clickhouse.query<Row>(FRAGMENTS_SQL)) {
    const { id, reason, late, opened, closed, spans, duplicates } = r;
    const row = [id, reason, late, opened, closed, spans, duplicates] as (
      | string
      | number
      | boolean
    )[];
    found.push([`${r.p}/${r.n}`, fragmentRow(row)]);
  }
  for (const r of await clickhouse.query<Row>(LEDGER_SQL)) {
    const row = [r.f, r.t, r.r, r.d, r.s, r.o].map(Number);
    found.push([`${r.p}/${r.n}`, ledgerRow(row)]);
  }
  return tally(expected, found);
}

/** Compares the dead letters in ClickHouse with those that the log says. */
export async function compareDeadLetters(
  clickhouse: ClickHouse,
  oracle: LogOracle,
  topic: string,
): Promise<Tally> {
  const expected = new Map<string, string>();
  oracle.partitions.forEach(({ deadLetters }, partition) => {
    for (const letter of deadLetters) {
      const [offset, index, reason] = letter.split(' ');
      expected.set(`${partition}@${offset}#${index}`, reason as string);
    }
  });
  const rows = await clickhouse.query<Row>(LETTERS_SQL, { topic });
  return tally(
    expected,
    rows.map((r) => [`${r.p}@${r.n}#${r.i}`, String(r.reason)] as [string, string]),
  );
}

/** Whether everything that came in is accounted for, in every partition, with nothing left open. */
export async function ledgerBalances(clickhouse: ClickHouse, oracle: LogOracle): Promise<boolean> {
  const rows = await clickhouse.query<Row>('SELECT * FROM ledger_balance');
  const received = new Map(rows.map((row) => [Number(row.Partition), Number(row.Received)]));
  const balanced = rows.every((row) => Number(row.Missing) === 0 && Number(row.OpenSpans) === 0);
  return (
    balanced && oracle.partitions.every((truth, n) => (received.get(n) ?? 0) === truth.received)
  );
}

/** Whether the panes in ClickHouse, which adds up deltas, count each written observation once. */
export async function panesAddUp(clickhouse: ClickHouse, oracle: LogOracle): Promise<boolean> {
  const [row] = await clickhouse.query<Row>('SELECT sum(Count) AS n FROM latency_panes');
  const written = oracle.partitions.reduce((sum, { observations }) => sum + observations, 0);
  return Number(row?.n ?? 0) === written;
}
