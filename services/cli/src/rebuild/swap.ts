import type { ClickHouse } from '@spanloom/clickhouse';
import { type Clock, SpanloomError } from '@spanloom/runtime';
import { lastCopies } from './compare';
import { createPatch, REBUILT_TABLES, type RebuiltTable, type ShadowNames } from './tables';

const PARTITION_ID = /^[A-Za-z0-9-]+$/;

/** A mutation that looks a table up is refused by replicated tables unless told that this is meant. */
const MUTATION = { mutations_sync: 0, allow_nondeterministic_mutations: 1 };
const POLL_MS = 250;
/** A mutation rewrites the parts that hold a row to delete: minutes for large ones, but not for ever. */
const MUTATION_MS_MAX = 30 * 60_000;

/** What waiting needs. */
export interface SwapWait {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Puts the rebuilt rows of what differs, and of nothing else, in place of the live ones. Rows that are right are
 * not touched, so readers and the sink are not disturbed; see docs/adr/0006. After a crash in between, the same
 * rebuild finds what is missing and puts it in.
 */
export async function swap(
  clickhouse: ClickHouse,
  names: ShadowNames,
  wait: SwapWait,
): Promise<void> {
  for (const table of REBUILT_TABLES) await swapTable(clickhouse, names, table, wait);
}

async function swapTable(
  clickhouse: ClickHouse,
  names: ShadowNames,
  table: RebuiltTable,
  wait: SwapWait,
): Promise<void> {
  const differing = `SELECT Partition, Seq FROM ${names.differences} WHERE Table = '${table.name}'`;
  const [found] = await clickhouse.query<{ rows: number }>(
    `SELECT count() AS rows FROM (${differing})`,
  );
  if ((found?.rows ?? 0) === 0) return;
  const patch = await createPatch(clickhouse, names, table);
  await clickhouse.command(
    `INSERT INTO ${patch} SELECT * FROM ${names.shadow(table)}
     WHERE (Partition, Seq) IN (${differing})${withoutOldCopies(table, names)}`,
    {},
    { insert_deduplicate: 0 },
  );
  const parts = await clickhouse.query<{ id: string }>(
    `SELECT DISTINCT _partition_id AS id FROM ${patch} ORDER BY id`,
  );
  await clickhouse.command(
    `ALTER TABLE ${table.name} DELETE WHERE (Partition, Seq) IN (${differing})`,
    {},
    MUTATION,
  );
  await mutationsDone(clickhouse, table.name, wait);
  for (const { id } of parts) {
    if (!PARTITION_ID.test(id)) throw new SpanloomError('internal', `no partition id: ${id}`);
    // Hands parts on as they are: no view is told of rows that it has seen already.
    await clickhouse.command(`ALTER TABLE ${table.name} ATTACH PARTITION ID '${id}' FROM ${patch}`);
  }
  await clickhouse.command(`DROP TABLE ${patch} SYNC`);
}

/** Waits until the table has no mutation left; its rows may be deleted part by part until then. */
async function mutationsDone(
  clickhouse: ClickHouse,
  table: string,
  { clock, signal }: SwapWait,
): Promise<void> {
  const end_ms = clock.monotonicMs() + MUTATION_MS_MAX;
  for (;;) {
    const [row] = await clickhouse.query<{ left: number; why: string }>(
      `SELECT countIf(NOT is_done) AS left, anyIf(latest_fail_reason, NOT is_done) AS why FROM system.mutations
       WHERE database = currentDatabase() AND table = {table:String}`,
      { table },
    );
    if ((row?.left ?? 0) === 0) return;
    if (clock.monotonicMs() >= end_ms) {
      throw new SpanloomError(
        'timeout',
        `deleting rows from ${table} did not end (${row?.why || 'see system.mutations'}); run the rebuild again ` +
          'once it has: it puts in what is missing then',
      );
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** A copy that a later fragment has again would, being attached last, take the place of the later one. */
function withoutOldCopies(table: RebuiltTable, names: ShadowNames): string {
  if (table.name !== 'otel_traces') return '';
  const traces = `SELECT TraceId FROM ${names.differences} WHERE Table = 'otel_traces'`;
  return `
     AND (toStartOfMinute(Timestamp), TraceId, ServiceName, SpanName, SpanId, SpanKind, Seq) IN
       (SELECT Minute, TraceId, ServiceName, SpanName, SpanId, SpanKind, LastSeq FROM ${lastCopies(table, names, traces)})`;
}
