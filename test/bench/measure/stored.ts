import type { ClickHouse } from '@spanloom/clickhouse';
import { SpanloomError, systemClock } from '@spanloom/runtime';

/** Spans that ClickHouse has. */
export interface StoredCounts {
  /** Rows of the table of spans. */
  readonly spans: number;
  /** Spans counted in latency panes. */
  readonly counted: number;
}

async function only(clickhouse: ClickHouse, sql: string): Promise<Record<string, number>> {
  const [row = {}] = await clickhouse.query<Record<string, unknown>>(sql);
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
}

/** Counts what is stored, in one query: asking is counted as ClickHouse's cost too. */
export async function storedCounts(clickhouse: ClickHouse): Promise<StoredCounts> {
  const { spans = 0, counted = 0 } = await only(
    clickhouse,
    'SELECT (SELECT count() FROM otel_traces) AS spans, (SELECT sum(Count) FROM latency_panes) AS counted',
  );
  return { spans, counted };
}

/** What became of the spans that were sent. All but `spans` and `traces` must be 0. */
export interface Exactness {
  readonly spans: number;
  readonly traces: number;
  readonly lost: number;
  readonly doubled: number;
  /** Spans that the latency panes count too few or too many. */
  readonly panes_off: number;
}

/** Compares what is stored with what was sent. */
export async function checkExact(clickhouse: ClickHouse, sent: number): Promise<Exactness> {
  const rows = await only(
    clickhouse,
    'SELECT count() AS n, uniqExact(TraceId, SpanId, SpanKind) AS distinct, uniqExact(TraceId) AS traces FROM otel_traces',
  );
  const { counted } = await storedCounts(clickhouse);
  const { n = 0, distinct = 0, traces = 0 } = rows;
  return {
    spans: n,
    traces,
    lost: sent - distinct,
    doubled: n - distinct,
    panes_off: Math.abs(counted - sent),
  };
}

const MERGES_POLL_MS = 500;

/** Waits until no merge has run for a second; gives up after `limit_ms`, since more may come at any time. */
export async function mergesDone(clickhouse: ClickHouse, limit_ms: number): Promise<void> {
  const end_ms = systemClock.monotonicMs() + limit_ms;
  let quiet = 0;
  while (quiet < 3 && systemClock.monotonicMs() < end_ms) {
    const { n = 0 } = await only(clickhouse, 'SELECT count() AS n FROM system.merges');
    quiet = n === 0 ? quiet + 1 : 0;
    await systemClock.sleep(MERGES_POLL_MS);
  }
}

/** Bytes on disk of each table of the database, after everything that can be merged has been. */
export async function diskBytes(clickhouse: ClickHouse): Promise<Readonly<Record<string, number>>> {
  const tables = [
    'otel_traces',
    'trace_fragments',
    'latency_panes',
    'latency_ten_minutes',
    'ledger',
  ];
  for (const table of tables) await clickhouse.command(`OPTIMIZE TABLE ${table} FINAL`);
  const rows = await clickhouse.query<{ table: string; bytes: number }>(
    `SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts
     WHERE active AND database = {database:String} GROUP BY table`,
    { database: clickhouse.database },
  );
  const found = new Map(rows.map((row) => [row.table, Number(row.bytes)]));
  return Object.fromEntries(tables.map((table) => [table, found.get(table) ?? 0]));
}

/** Rare, since each look takes some ms of the CPU that is measured; a worker waits so long at no cost. */
const POLL_MS = 500;

/**
 * Waits until `spans` are stored and counted; calls `onProgress` after each look. SpanloomError('timeout') when
 * nothing more comes for `stall_ms`.
 */
export async function untilStored(
  clickhouse: ClickHouse,
  spans: number,
  options: { readonly stall_ms: number; readonly onProgress: (counts: StoredCounts) => void },
): Promise<void> {
  let best = -1;
  let since_ms = systemClock.monotonicMs();
  for (;;) {
    const counts = await storedCounts(clickhouse);
    options.onProgress(counts);
    if (counts.spans >= spans && counts.counted >= spans) return;
    const now_ms = systemClock.monotonicMs();
    if (counts.spans + counts.counted > best) {
      best = counts.spans + counts.counted;
      since_ms = now_ms;
    }
    if (now_ms - since_ms > options.stall_ms) {
      throw new SpanloomError(
        'timeout',
        `of ${spans} spans ${counts.spans} are stored and ${counts.counted} counted, and nothing more comes`,
      );
    }
    await systemClock.sleep(POLL_MS);
  }
}
