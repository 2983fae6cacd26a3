import { type ClickHouse, clickhouseCode } from '@spanloom/clickhouse';
import { SpanloomError } from '@spanloom/runtime';

/** What the ledger says of one partition, from its view `ledger_balance`. Counts are of spans. */
export interface PartitionBalance {
  readonly partition: number;
  /** Offsets of the topic spans that are counted: from ≤ offset < to. */
  readonly from_offset: number;
  readonly to_offset: number;
  /** The log clock at `to_offset`, UTC. */
  readonly at: string;
  /** Open before `from_offset`; 0 where counting starts at the log's beginning. */
  readonly carried_in: number;
  readonly received: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly dead_lettered: number;
  readonly sampled_out: number;
  /** In windows that had not closed yet at `to_offset`. */
  readonly open: number;
  /** What is not accounted for; 0 when all is well. */
  readonly missing: number;
  /** Ledger rows whose offsets do not go on where those of the row before ended. */
  readonly holes: number;
  /** Sequence numbers of fragments and ledger rows that are not there; negative when one is there twice. */
  readonly entries_missing: number;
  /** Rows of otel_traces that belong to the counted fragments. */
  readonly rows: number;
  readonly rows_agree: boolean;
  /** Dead letters of the counted messages: by the ledger, and in the table. */
  readonly letters_expected: number;
  readonly letters: number;
  readonly after_seq: number;
  readonly last_seq: number;
}

const BALANCE_SQL = `
SELECT
  Partition AS partition, FromOffset AS from_offset, ToOffset AS to_offset, formatDateTime(At, '%FT%TZ', 'UTC') AS at,
  CarriedIn AS carried_in, Received AS received, Stored AS stored, Duplicates AS duplicates,
  DeadLettered AS dead_lettered, SampledOut AS sampled_out, OpenSpans AS open, Missing AS missing, Holes AS holes,
  EntriesMissing AS entries_missing, Rows AS rows, RowsAgree AS rows_agree, LettersExpected AS letters_expected,
  Letters AS letters, AfterSeq AS after_seq, LastSeq AS last_seq
FROM ledger_balance
ORDER BY Partition`;

/** A fragment whose spans are not as many rows as it says. */
export interface RowDifference {
  readonly partition: number;
  readonly seq: number;
  readonly trace_id: string;
  readonly spans: number;
  readonly rows: number;
  readonly missing: number;
  readonly surplus: number;
}

/** How the rows of otel_traces of a partition differ from what its fragments say. */
export interface RowBalance {
  readonly partition: number;
  /** Earlier copies of spans that came again after the id memory had forgotten them. Nothing is wrong with these. */
  readonly replaced: number;
  readonly missing: number;
  readonly surplus: number;
}

const DIFFERENCES = `
FROM fragment_row_differences(partition = {partition:UInt16}, after_seq = {after_seq:UInt64}, last_seq = {last_seq:UInt64})`;

const ROWS_SQL = `
SELECT {partition:UInt16} AS partition, sum(Replaced) AS replaced, sum(Missing) AS missing, sum(Surplus) AS surplus
${DIFFERENCES}`;

const EXAMPLES_SQL = `
SELECT Partition AS partition, Seq AS seq, TraceId AS trace_id, Spans AS spans, Rows AS rows,
  Missing AS missing, Surplus AS surplus
${DIFFERENCES}
WHERE Missing > 0 OR Surplus > 0
ORDER BY Seq
LIMIT {limit:UInt32}`;

/** Fragments named in a report, at most. */
export const EXAMPLES_MAX = 20;

const UNKNOWN_TABLE = 60;

/** Everything that is checked. */
export interface Verification {
  /** Every span is accounted for, and every row that a fragment names is there once. */
  readonly balanced: boolean;
  readonly partitions: readonly PartitionBalance[];
  /** Of the partitions whose rows and fragments disagree. */
  readonly rows: readonly RowBalance[];
  /** At most {@link EXAMPLES_MAX}. */
  readonly examples: readonly RowDifference[];
}

/**
 * Whether the counts of a partition add up and its dead letters are there; its rows are another question.
 * A letter more than expected is none too many: its message was read again when it could be.
 */
export function isBalanced(balance: PartitionBalance): boolean {
  const { missing, holes, entries_missing, letters, letters_expected } = balance;
  return missing === 0 && holes === 0 && entries_missing === 0 && letters >= letters_expected;
}

async function readBalances(clickhouse: ClickHouse): Promise<readonly PartitionBalance[]> {
  try {
    const rows = await clickhouse.query<PartitionBalance>(BALANCE_SQL);
    return rows.map((row) => ({ ...row, rows_agree: Boolean(row.rows_agree) }));
  } catch (error) {
    if (clickhouseCode(error) !== UNKNOWN_TABLE) throw error;
    throw new SpanloomError(
      'clickhouse-failed',
      `the database ${clickhouse.database} has no view ledger_balance: "spanloom up" makes it; ` +
        'or CLICKHOUSE_DATABASE names another database',
      { cause: error },
    );
  }
}

/** Reads the balance of all partitions, and looks closer at those whose rows disagree. */
export async function readVerification(clickhouse: ClickHouse): Promise<Verification> {
  const partitions = await readBalances(clickhouse);
  const rows: RowBalance[] = [];
  const examples: RowDifference[] = [];
  for (const { partition, after_seq, last_seq, rows_agree } of partitions) {
    if (rows_agree) continue;
    const params = { partition, after_seq, last_seq };
    rows.push(...(await clickhouse.query<RowBalance>(ROWS_SQL, params)));
    const limit = EXAMPLES_MAX - examples.length;
    if (limit === 0) continue;
    examples.push(...(await clickhouse.query<RowDifference>(EXAMPLES_SQL, { ...params, limit })));
  }
  const balanced =
    partitions.every(isBalanced) && rows.every((row) => row.missing === 0 && row.surplus === 0);
  return { balanced, partitions, rows, examples };
}
