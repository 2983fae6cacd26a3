import type { ClickHouse } from '@spanloom/clickhouse';
import type { Clock } from '@spanloom/runtime';
import type { QueryMetrics } from '../metrics';

/** A query as it is sent: fixed text, with `{name:Type}` places that the server fills. */
export interface Statement {
  /** For metrics; from a small closed set. */
  readonly name: string;
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Runs bounded queries. Failures are SpanloomErrors 'clickhouse-failed' and 'engine-unavailable'. */
export interface Database {
  rows<T>(statement: Statement): Promise<readonly T[]>;
}

/** Puts the limits of time and size on every query, and measures it. */
export function createDatabase(
  config: { readonly query_seconds_max: number; readonly answer_bytes_max: number },
  deps: {
    readonly clickhouse: Pick<ClickHouse, 'query'>;
    readonly metrics: QueryMetrics;
    readonly clock: Clock;
  },
): Database {
  const { clickhouse, metrics, clock } = deps;
  const bounds = `SETTINGS max_execution_time = ${config.query_seconds_max}, max_result_bytes = ${config.answer_bytes_max}, result_overflow_mode = 'throw'`;
  return {
    async rows<T>({ name, sql, params }: Statement) {
      const start_ms = clock.monotonicMs();
      let outcome: 'ok' | 'failed' = 'failed';
      try {
        const rows = await clickhouse.query<T>(`${sql}\n${bounds}`, params);
        outcome = 'ok';
        return rows;
      } finally {
        metrics.query(name, outcome, (clock.monotonicMs() - start_ms) / 1000);
      }
    },
  };
}
