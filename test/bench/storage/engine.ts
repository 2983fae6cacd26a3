import type { StatementDatabase } from '@spanloom/infra';

/** A result with what ClickHouse says that it read for it. */
export interface Answer<T> {
  readonly rows: readonly T[];
  readonly read_rows: number;
  /** Uncompressed bytes of the columns read. */
  readonly read_bytes: number;
  /** Time in ClickHouse. */
  readonly elapsed_ms: number;
}

interface JsonAnswer<T> {
  readonly data: readonly T[];
  readonly statistics: {
    readonly elapsed: number;
    readonly rows_read: number;
    readonly bytes_read: number;
  };
}

/** Runs statements on the embedded engine. */
export interface Engine {
  command(sql: string): Promise<void>;
  query<T>(sql: string, params?: Readonly<Record<string, string>>): Promise<Answer<T>>;
}

/** An {@link Engine} on a database in this process, so that its CPU time is ours. */
export function createEngine(database: StatementDatabase): Engine {
  const run = (sql: string, format: string, params: Readonly<Record<string, string>>) =>
    database.run({ sql, format, database: '', params, settings: {} });
  return {
    async command(sql) {
      await run(sql, 'Null', {});
    },
    async query<T>(sql: string, params = {}) {
      const { bytes } = await run(sql, 'JSON', params);
      const { data, statistics } = JSON.parse(bytes.toString('utf8')) as JsonAnswer<T>;
      return {
        rows: data,
        read_rows: statistics.rows_read,
        read_bytes: statistics.bytes_read,
        elapsed_ms: statistics.elapsed * 1000,
      };
    },
  };
}

/** CPU time of this process, engine included, µs. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
