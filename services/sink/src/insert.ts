import type { ClickHouse } from '@spanloom/clickhouse';
import type { PartitionHandle } from '@spanloom/kafka';
import {
  type Clock,
  isRetriable,
  type Logger,
  type MutableHealth,
  SpanloomError,
} from '@spanloom/runtime';
import type { TableRows } from './block';
import type { SinkMetrics } from './metrics';

/** Inserts a block's rows, all tables, until ClickHouse has taken them. */
export interface Inserter {
  /**
   * `name` names the range of the block: the same range has the same name and the same rows, so that
   * ClickHouse drops what it already has. Throws 'state-stale' when the partition is lost meanwhile.
   */
  insert(name: string, tables: readonly TableRows[], handle: PartitionHandle): Promise<void>;
}

const RETRY_BASE_MS = 200;

/** @param deps.retry_ms_max longest wait between two attempts */
export function createInserter(deps: {
  readonly clickhouse: ClickHouse;
  readonly retry_ms_max: number;
  readonly metrics: SinkMetrics;
  readonly health: MutableHealth;
  readonly logger: Logger;
  readonly clock: Clock;
}): Inserter {
  const { clickhouse, metrics, health, logger, clock } = deps;

  async function insertTable(
    name: string,
    rows: TableRows,
    handle: PartitionHandle,
  ): Promise<void> {
    for (let wait_ms = RETRY_BASE_MS; ; wait_ms = Math.min(wait_ms * 2, deps.retry_ms_max)) {
      if (handle.isLost()) throw new SpanloomError('state-stale', 'the partition was taken away');
      try {
        await clickhouse.insertRowBinary(rows.table, [...rows.columns], rows.body, {
          insert_deduplication_token: `${rows.table}-${name}`,
          deduplicate_blocks_in_dependent_materialized_views: 1,
        });
        metrics.rows.inc({ table: rows.table }, rows.rowCount);
        health.setProblem('clickhouse', null);
        return;
      } catch (error) {
        if (!isRetriable(error)) throw error;
        const why = error instanceof Error ? error.message : String(error);
        health.setProblem('clickhouse', `inserting fails: ${why}`);
        metrics.insertRetries.inc();
        logger.warn({ error, table: rows.table, wait_ms }, 'insert failed; trying again');
        await clock.sleep(wait_ms, handle.signal).catch(() => undefined);
      }
    }
  }

  return {
    async insert(name, tables, handle) {
      for (const rows of tables) await insertTable(name, rows, handle);
    },
  };
}
