import { Readable } from 'node:stream';
import { ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';
import type { Logger } from '@spanloom/runtime';
import { clickhouseError } from './errors';

/** How to reach ClickHouse; the `clickhouseSettings` group of @spanloom/runtime fits as it is. */
export interface ClickHouseConfig {
  /** HTTP interface. */
  readonly clickhouse_url: string;
  readonly clickhouse_database: string;
  readonly clickhouse_user: string;
  readonly clickhouse_password: string;
}

/** Settings of one statement, by ClickHouse's names. */
export type StatementSettings = Readonly<Record<string, string | number>>;

/** Rows as they go over the wire, in as many pieces as there are. */
export interface EncodedRows {
  readonly format: 'RowBinary' | 'Native';
  readonly body: readonly Buffer[];
}

/** A connection pool to one database. Failures: see {@link clickhouseError}. */
export interface ClickHouse {
  readonly database: string;
  /**
   * Runs a query. `params` fill `{name:Type}` places on the server. 64-bit integers come as numbers,
   * exact up to 2^53: select `toString(x)` where more is needed.
   */
  query<T>(sql: string, params?: Readonly<Record<string, unknown>>): Promise<T[]>;
  /** Runs a statement without a result. */
  command(
    sql: string,
    params?: Readonly<Record<string, unknown>>,
    settings?: StatementSettings,
  ): Promise<void>;
  /**
   * Inserts rows, the columns in the order given. Resolves when ClickHouse has stored
   * them. Never asynchronous on the server: the answer must mean what it says. The buffers must not
   * change until then.
   */
  insertRows(
    table: string,
    columns: readonly string[],
    rows: EncodedRows,
    settings?: StatementSettings,
  ): Promise<void>;
  /** Creates the database if it is not there. */
  createDatabase(): Promise<void>;
  /** Whether ClickHouse answers. */
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

/** Longest wait for an answer. A merge-laden server takes its time; a dead one closes the connection. */
const REQUEST_TIMEOUT_MS = 60_000;
const CONNECTIONS_MAX = 16;
/**
 * Servers before 23.11 close a connection that was idle for 3 s. A request on a connection that the
 * server is just closing fails with ECONNRESET, so ours go first.
 */
const IDLE_SOCKET_MS = 2_000;

const INSERT_SETTINGS: StatementSettings = {
  async_insert: 0,
  wait_end_of_query: 1,
  // Parts are by the day of storing: a backlog of months may hold many days in one block.
  throw_on_max_partitions_per_insert_block: 0,
};

/** Quotes a name of a table or column, which may have one dot: `a.b` of a Nested column stays one name. */
function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Makes a client. Nothing is sent yet. */
export function createClickHouse(
  config: ClickHouseConfig,
  deps: { readonly logger: Logger },
): ClickHouse {
  const client = clientOf(config, config.clickhouse_database);

  async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const named = clickhouseError(doing, error);
      deps.logger.debug({ error: named }, 'ClickHouse request failed');
      throw named;
    }
  }

  return {
    database: config.clickhouse_database,
    query: <T>(sql: string, params: Readonly<Record<string, unknown>> = {}) =>
      attempt('query', async () => {
        const result = await client.query({
          query: sql,
          query_params: params,
          format: 'JSONEachRow',
        });
        return result.json<T>();
      }),
    command: (sql, params = {}, settings = {}) =>
      attempt('statement', async () => {
        await client.command({
          query: sql,
          query_params: params,
          clickhouse_settings: settingsOf(settings),
        });
      }),
    insertRows: (table, columns, { format, body }, settings = {}) =>
      attempt(`insert into ${table}`, async () => {
        const names = columns.map(quoted).join(', ');
        const answer = await client.exec({
          query: `INSERT INTO ${quoted(table)} (${names}) FORMAT ${format}`,
          values: Readable.from(body, { objectMode: false }),
          clickhouse_settings: settingsOf({ ...INSERT_SETTINGS, ...settings }),
        });
        await expectNoAnswer(answer.stream);
      }),
    createDatabase: () =>
      attempt('create the database', async () => {
        const anyDatabase = clientOf(config, 'default');
        try {
          const name = quoted(config.clickhouse_database);
          await anyDatabase.command({ query: `CREATE DATABASE IF NOT EXISTS ${name}` });
        } finally {
          await anyDatabase.close();
        }
      }),
    ping: async () => (await client.ping()).success,
    close: () => client.close(),
  };
}

function clientOf(config: ClickHouseConfig, database: string) {
  return createClient({
    url: config.clickhouse_url,
    username: config.clickhouse_user,
    password: config.clickhouse_password,
    database,
    application: 'spanloom',
    request_timeout: REQUEST_TIMEOUT_MS,
    max_open_connections: CONNECTIONS_MAX,
    keep_alive: { idle_socket_ttl: IDLE_SOCKET_MS, eagerly_destroy_stale_sockets: true },
    log: { level: ClickHouseLogLevel.OFF },
  });
}

function settingsOf(settings: StatementSettings): ClickHouseSettings {
  return settings as ClickHouseSettings;
}

/** Reads the answer to its end, which frees the connection. An insert that went well has an empty one. */
async function expectNoAnswer(stream: Readable): Promise<void> {
  let text = '';
  for await (const chunk of stream) if (text.length < 4096) text += String(chunk);
  if (text.trim() !== '') throw new Error(`unexpected answer to an insert: ${text.slice(0, 1000)}`);
}
