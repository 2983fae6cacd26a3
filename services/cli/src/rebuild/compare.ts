import type { ClickHouse } from '@spanloom/clickhouse';
import { REBUILT_TABLES, type RebuiltTable, rowHash, type ShadowNames } from './tables';

/** One table, live and rebuilt, over the ranges that were replayed. */
export interface TableComparison {
  readonly table: string;
  readonly live_rows: number;
  readonly rebuilt_rows: number;
  /** Sum of a 64-bit hash of each row, so the order does not count; decimal. */
  readonly live_checksum: string;
  readonly rebuilt_checksum: string;
  /** Fragments, or ledger rows, that differ. */
  readonly differing: number;
}

/** A trace of which something differs. */
export interface DifferingTrace {
  readonly trace_id: string;
  readonly partition: number;
  readonly tables: readonly string[];
  /** Of its fragments that differ: rows there, and rows that there should be. */
  readonly live_rows: number;
  readonly rebuilt_rows: number;
}

/** What the live tables are, beside the rebuilt ones. */
export interface Comparison {
  readonly identical: boolean;
  readonly tables: readonly TableComparison[];
  /** How many traces differ; those named are at most {@link TRACES_MAX}. */
  readonly differing_traces: number;
  readonly traces: readonly DifferingTrace[];
}

/** Traces named in a report, at most. */
export const TRACES_MAX = 20;

/** What makes two rows of otel_traces copies of one span: the table's sorting key. */
const SPAN_KEY =
  'toStartOfMinute(Timestamp) AS Minute, TraceId, ServiceName, SpanName, SpanId, SpanKind';
const SPAN_KEY_NAMES = 'Minute, TraceId, ServiceName, SpanName, SpanId, SpanKind';

/** The rows of a table that belong to the replayed ranges. `select` is a list over its columns. */
function rangeRows(from: string, select: string, names: ShadowNames): string {
  return `(
    SELECT ${select} FROM ${from} AS stored INNER JOIN ${names.ranges} AS range ON range.Partition = stored.Partition
    WHERE stored.Seq > range.AfterSeq AND stored.Seq <= range.LastSeq
      AND stored.Seq > (SELECT min(AfterSeq) FROM ${names.ranges})
      AND stored.Seq <= (SELECT max(LastSeq) FROM ${names.ranges})
  )`;
}

const BASE = 'stored.Partition AS Partition, stored.Seq AS Seq';

/** Fragments whose rows are not as many, or not the same, on both sides. */
function findDiffering(table: RebuiltTable, names: ShadowNames, into: string): string {
  const select = `${BASE}, ${table.traceId} AS Trace, ${rowHash(table)} AS Hash`;
  // Added to what it is subtracted from, modulo 2^64: equal sums come to 0.
  return `
    INSERT INTO ${into} (Table, Partition, Seq, TraceId, LiveRows, RebuiltRows)
    SELECT '${table.name}', Partition, Seq, any(Trace), sum(Live), sum(Rebuilt)
    FROM
    (
      SELECT Partition, Seq, any(Trace) AS Trace, count() AS Live, toUInt64(0) AS Rebuilt, sum(Hash) AS Balance
      FROM ${rangeRows(table.name, select, names)} GROUP BY Partition, Seq
      UNION ALL
      SELECT Partition, Seq, any(Trace), toUInt64(0), count(), bitNot(sum(Hash)) + toUInt64(1)
      FROM ${rangeRows(names.shadow(table), select, names)} GROUP BY Partition, Seq
    )
    GROUP BY Partition, Seq
    HAVING sum(Live) != sum(Rebuilt) OR sum(Balance) != 0`;
}

/** Per span of the traces to look at: the last fragment, live or rebuilt, that has a copy of it. */
export function lastCopies(table: RebuiltTable, names: ShadowNames, traces: string): string {
  const rows = (from: string): string =>
    `SELECT ${SPAN_KEY}, Seq FROM ${from} WHERE TraceId IN (${traces})`;
  return `(
    SELECT ${SPAN_KEY_NAMES}, max(Seq) AS LastSeq
    FROM (${rows(table.name)} UNION ALL ${rows(names.shadow(table))})
    GROUP BY ${SPAN_KEY_NAMES}
  )`;
}

/**
 * Of the candidates, those that differ in more than copies: where a later fragment has the same span again, a
 * merge may have removed the earlier row already, or not yet, and both are right.
 */
function keepReal(table: RebuiltTable, names: ShadowNames): string {
  const rows = (from: string, side: string): string => `
    SELECT Partition, Seq, ${SPAN_KEY}, ${rowHash(table)} AS Hash, toInt64(${side}) AS Side
    FROM ${from} WHERE (Partition, Seq) IN (SELECT Partition, Seq FROM ${names.candidates})`;
  const traces = `SELECT TraceId FROM ${names.candidates}`;
  return `
    INSERT INTO ${names.differences}
    SELECT * FROM ${names.candidates}
    WHERE (Partition, Seq) IN
    (
      SELECT Partition, Seq
      FROM
      (
        SELECT Partition, Seq, ${SPAN_KEY_NAMES}, Hash
        FROM (${rows(table.name, '1')} UNION ALL ${rows(names.shadow(table), '-1')})
        GROUP BY Partition, Seq, ${SPAN_KEY_NAMES}, Hash
        HAVING sum(Side) != 0
      ) AS differing
      LEFT JOIN ${lastCopies(table, names, traces)} AS last USING (${SPAN_KEY_NAMES})
      WHERE last.LastSeq <= differing.Seq
    )`;
}

const TRACES = `
SELECT TraceId AS trace_id, min(Partition) AS partition, groupUniqArray(toString(Table)) AS tables,
  sumIf(LiveRows, Table = 'otel_traces') AS live_rows, sumIf(RebuiltRows, Table = 'otel_traces') AS rebuilt_rows`;

async function checksum(
  clickhouse: ClickHouse,
  table: RebuiltTable,
  from: string,
  names: ShadowNames,
): Promise<{ rows: number; checksum: string }> {
  const [row] = await clickhouse.query<{ rows: number; checksum: string }>(
    `SELECT count() AS rows, toString(sum(Hash)) AS checksum
     FROM ${rangeRows(from, `${rowHash(table)} AS Hash`, names)}`,
  );
  return row as { rows: number; checksum: string };
}

/** Compares live with rebuilt rows; what differs is in the table `differences` afterwards. */
export async function compare(clickhouse: ClickHouse, names: ShadowNames): Promise<Comparison> {
  await clickhouse.command(`TRUNCATE TABLE ${names.differences}`);
  await clickhouse.command(`TRUNCATE TABLE ${names.candidates}`);
  const tables: TableComparison[] = [];
  for (const table of REBUILT_TABLES) {
    if (table.name === 'otel_traces') {
      await clickhouse.command(findDiffering(table, names, names.candidates));
      await clickhouse.command(keepReal(table, names));
    } else {
      await clickhouse.command(findDiffering(table, names, names.differences));
    }
    const live = await checksum(clickhouse, table, table.name, names);
    const rebuilt = await checksum(clickhouse, table, names.shadow(table), names);
    const [found] = await clickhouse.query<{ differing: number }>(
      `SELECT count() AS differing FROM ${names.differences} WHERE Table = {table:String}`,
      { table: table.name },
    );
    tables.push({
      table: table.name,
      live_rows: live.rows,
      rebuilt_rows: rebuilt.rows,
      live_checksum: live.checksum,
      rebuilt_checksum: rebuilt.checksum,
      differing: found?.differing ?? 0,
    });
  }
  const of = `FROM ${names.differences} WHERE TraceId != ''`;
  const [count] = await clickhouse.query<{ traces: number }>(
    `SELECT uniqExact(TraceId) AS traces ${of}`,
  );
  const traces = await clickhouse.query<DifferingTrace>(
    `${TRACES} ${of} GROUP BY TraceId ORDER BY TraceId LIMIT {limit:UInt32}`,
    { limit: TRACES_MAX },
  );
  return {
    identical: tables.every(({ differing }) => differing === 0),
    tables,
    differing_traces: count?.traces ?? 0,
    traces,
  };
}
