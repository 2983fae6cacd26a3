import type { ClickHouse } from '@spanloom/clickhouse';
import type { PartitionHandle } from '@spanloom/kafka';
import {
  type Clock,
  faultPoint,
  isRetriable,
  type Logger,
  type MutableHealth,
  type Pressure,
  SpanloomError,
} from '@spanloom/runtime';
import type { TableRows } from './block';
import type { SinkMetrics } from './metrics';

/** A block that is about to be inserted. */
export interface NamedBlock {
  /**
   * Names the range of records: the same range has the same name and the same rows, so that ClickHouse
   * drops what it already has.
   */
  readonly name: string;
  /** The topic and partition that it is of. */
  readonly holder: string;
  readonly tables: readonly TableRows[];
  /** Whether an earlier owner may have inserted it, whole or in part. */
  readonly inherited: boolean;
  readonly handle: PartitionHandle;
  /** Resolves when the partition was ours a moment ago. Throws 'state-stale' when it is not. */
  proveOwner(): Promise<void>;
}

/** Inserts blocks, all their tables, until ClickHouse has taken them. */
export interface Inserter {
  /** Throws when the partition is lost, or is let go while ClickHouse is away. */
  insert(block: NamedBlock): Promise<void>;
}

/** What an inserter works with. */
export interface InserterDeps {
  readonly clickhouse: ClickHouse;
  /** Longest wait between two attempts. */
  readonly retry_ms_max: number;
  readonly metrics: SinkMetrics;
  readonly pressure: Pressure;
  readonly health: Pick<MutableHealth, 'beat'>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * How blocks are stored. Sorting out doubles and building skip indexes are left to merges, which do both
 * anyway: measured, that halves what an insert costs (12.7 to 5.7 µs a span in blocks of 10,000). Until
 * its first merge a part is searched without them, which is quick because it is small.
 */
const BLOCK_SETTINGS = {
  // What views make of a block is dropped with it when it comes again.
  deduplicate_blocks_in_dependent_materialized_views: 1,
  optimize_on_insert: 0,
  materialize_skip_indexes_on_insert: 0,
} as const;

const RETRY_BASE_MS = 200;
/** How often a block is sent under another token when it was lost under its own. */
const AGAIN_MAX = 3;

/** Makes an inserter for all partitions of the process. */
export function createInserter(deps: InserterDeps): Inserter {
  const { clickhouse, metrics, pressure, health, logger, clock } = deps;

  async function send(rows: TableRows, token: string): Promise<void> {
    const begun_ms = clock.monotonicMs();
    await faultPoint('sink.before-insert');
    await clickhouse.insertRows(rows.table, rows.columns, rows, {
      ...BLOCK_SETTINGS,
      insert_deduplication_token: token,
    });
    await faultPoint('sink.after-insert');
    const { table } = rows;
    metrics.rows.inc({ table }, rows.rowCount);
    metrics.insertSeconds.observe({ table }, (clock.monotonicMs() - begun_ms) / 1000);
  }

  async function isPresent({ presence }: TableRows): Promise<boolean> {
    const [row] = await clickhouse.query<{ present: number }>(presence.sql, presence.params);
    return row?.present === 1;
  }

  /**
   * A ClickHouse that is killed while it stores a block may have noted the token and not yet the rows:
   * the same token is then refused for ever. So where that can have been, look, and send the rows under
   * another token when they are missing.
   */
  async function confirm(rows: TableRows, token: string): Promise<void> {
    for (let n = 1; n <= AGAIN_MAX; n++) {
      if (await isPresent(rows)) return;
      logger.warn({ table: rows.table, token, n }, 'the token is known but the rows are missing');
      metrics.insertsLost.inc({ table: rows.table });
      await send(rows, `${token}-again-${n}`);
    }
    if (await isPresent(rows)) return;
    // Rows older than the retention are deleted as they come.
    logger.error({ table: rows.table, token }, 'rows do not show after they were inserted');
  }

  async function attempt(block: NamedBlock, rows: TableRows, doubtful: boolean): Promise<void> {
    const token = `${rows.table}-${block.name}`;
    await block.proveOwner();
    await send(rows, token);
    if (doubtful) await confirm(rows, token);
  }

  async function waitAfter(error: unknown, block: NamedBlock, wait_ms: number): Promise<void> {
    const { handle } = block;
    const stale = error instanceof SpanloomError && error.code === 'state-stale';
    // While letting go there is no time to wait; the next owner repeats the block.
    if (stale || handle.isLost() || handle.signal.aborted) {
      pressure.tell('clickhouse', block.holder, null);
      throw error;
    }
    const why = error instanceof Error ? error.message : String(error);
    pressure.tell('clickhouse', block.holder, `blocks cannot be stored: ${why.slice(0, 300)}`);
    metrics.insertRetries.inc();
    logger.warn({ err: error, block: block.name, wait_ms }, 'insert failed; trying again');
    await clock.sleep(wait_ms, handle.signal).catch(() => undefined);
    // Waiting for ClickHouse is work: the process must not be taken for stuck.
    health.beat();
  }

  /** Never gives rows up: what cannot succeed as it is, as when a table is missing, waits for its cure. */
  async function insertTable(block: NamedBlock, rows: TableRows): Promise<void> {
    let doubtful = block.inherited;
    for (let wait_ms = RETRY_BASE_MS; ; wait_ms = Math.min(wait_ms * 2, deps.retry_ms_max)) {
      try {
        await attempt(block, rows, doubtful);
        pressure.tell('clickhouse', block.holder, null);
        return;
      } catch (error) {
        doubtful = true;
        await waitAfter(error, block, isRetriable(error) ? wait_ms : deps.retry_ms_max);
      }
    }
  }

  return {
    async insert(block) {
      for (const rows of block.tables) await insertTable(block, rows);
    },
  };
}
