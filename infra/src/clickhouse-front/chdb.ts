import { createRequire } from 'node:module';
import { SpanloomError } from '@spanloom/runtime';

/** What one statement gave back. */
export interface StatementResult {
  /** The result set in the asked format; empty for statements without one. */
  readonly bytes: Buffer;
  /** Rows read, which for an insert are the rows of the data. */
  readonly rows: number;
  readonly readBytes: number;
  readonly elapsedS: number;
}

/** One statement, with what it runs under. */
export interface Statement {
  readonly sql: string;
  /** Format of the result where the statement names none. */
  readonly format: string;
  /** Current database; '' for the default one. */
  readonly database: string;
  /** Values of `{name:Type}` placeholders in ClickHouse's escaped text form. */
  readonly params: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** The engine in this process, on one data folder. */
export interface Database {
  /** Runs one statement in a session of its own. Rejects with the engine's error text. */
  run(statement: Statement): Promise<StatementResult>;
  close(): void;
}

/** The part of the chdb addon that is used: its JavaScript layer would escape parameters a second time. */
interface Addon {
  CreateConnection(path: string, args: readonly string[]): unknown;
  CloseConnection(connection: unknown): void;
  QueryAsyncConnection(
    connection: unknown,
    sql: string,
    format: string,
    params?: Readonly<Record<string, string>>,
  ): Promise<{ bytes: Buffer; rowsRead: number; bytesRead: number; elapsed: number }>;
}

function loadAddon(): Addon {
  const fromChdb = createRequire(require.resolve('chdb'));
  try {
    const { packageName } = fromChdb('chdb/libchdb').resolveLibchdb() as { packageName?: string };
    if (packageName === undefined) throw new Error('no prebuilt library for this platform');
    return fromChdb(packageName) as Addon;
  } catch (error) {
    throw new SpanloomError(
      'engine-missing',
      `the embedded ClickHouse (npm package chdb) cannot be loaded on ${process.platform}-${process.arch}: ` +
        `${(error as Error).message}. Run "npm ci", or set CLICKHOUSE_URL to a ClickHouse server.`,
      { cause: error },
    );
  }
}

/** Quotes a value as a ClickHouse string literal. */
export function quoteText(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&')}'`;
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `SET a = '1', b = '2'`; null when there is nothing to set. Throws in the engine's words on an impossible name. */
function setStatement(settings: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(settings);
  if (entries.length === 0) return null;
  for (const [name] of entries) {
    if (!IDENTIFIER.test(name)) {
      throw new Error(
        `Code: 115. DB::Exception: Setting ${name} is neither a builtin setting. (UNKNOWN_SETTING)`,
      );
    }
  }
  return `SET ${entries.map(([name, value]) => `${name} = ${quoteText(value)}`).join(', ')}`;
}

/** Greatest result set, in bytes: it is held in memory as a whole. */
const RESULT_BYTES_MAX = 512 * 1024 * 1024;

/**
 * The embedded engine starts out in the manners of `clickhouse-local`; these make it answer like a server:
 * a bare expression is no query, and results are bounded.
 */
const CONNECTION_ARGS: readonly string[] = [
  '--implicit_select=0',
  '--allow_introspection_functions=0',
  `--max_result_bytes=${RESULT_BYTES_MAX}`,
  // The default, a memory map, would end the process if a spooled file were cut short.
  '--storage_file_read_method=pread',
];

/**
 * Opens the data folder; it is created when missing. One process at a time may hold it.
 * Each statement gets a fresh connection (about 0.3 ms), so settings and the current database never leak.
 */
export function openDatabase(dir: string): Database {
  const addon = loadAddon();
  // The engine shuts down with its last connection, so this one stays.
  const anchor = addon.CreateConnection(dir, CONNECTION_ARGS);
  if (!anchor) throw new SpanloomError('engine-unavailable', `cannot open the data folder ${dir}`);
  let running = 0;
  let closing = false;
  const closeWhenIdle = (): void => {
    if (closing && running === 0) addon.CloseConnection(anchor);
  };
  const run = async (statement: Statement): Promise<StatementResult> => {
    const set = setStatement(statement.settings);
    const connection = addon.CreateConnection(dir, CONNECTION_ARGS);
    running++;
    try {
      if (statement.database !== '' && statement.database !== 'default') {
        const name = statement.database.replace(/[`\\]/g, '\\$&');
        await addon.QueryAsyncConnection(connection, `USE \`${name}\``, 'Null');
      }
      if (set !== null) await addon.QueryAsyncConnection(connection, set, 'Null');
      const { sql, format, params } = statement;
      const result =
        Object.keys(params).length > 0
          ? await addon.QueryAsyncConnection(connection, sql, format, params)
          : await addon.QueryAsyncConnection(connection, sql, format);
      return {
        bytes: result.bytes,
        rows: result.rowsRead,
        readBytes: result.bytesRead,
        elapsedS: result.elapsed,
      };
    } finally {
      addon.CloseConnection(connection);
      running--;
      closeWhenIdle();
    }
  };
  return {
    run,
    close: () => {
      closing = true;
      closeWhenIdle();
    },
  };
}
