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

/** Sessions that lie ready, each for statements of one database and one set of settings. */
const READY_MAX = 16;
/** Only these leave a session as it was: SET, USE and temporary tables would show in the next statement. */
const LEAVES_NOTHING = /^\s*(select|with|insert|optimize)\b/i;

/** Keeps sessions for use again: opening one, choosing its database and settings takes as long as a small query. */
function createSessions(addon: Addon, dir: string) {
  /** Those used last at the end. */
  const ready: { readonly key: string; readonly connection: unknown }[] = [];

  async function open(database: string, set: string | null): Promise<unknown> {
    const connection = addon.CreateConnection(dir, CONNECTION_ARGS);
    try {
      if (database !== '' && database !== 'default') {
        const name = database.replace(/[`\\]/g, '\\$&');
        await addon.QueryAsyncConnection(connection, `USE \`${name}\``, 'Null');
      }
      if (set !== null) await addon.QueryAsyncConnection(connection, set, 'Null');
    } catch (error) {
      addon.CloseConnection(connection);
      throw error;
    }
    return connection;
  }

  function closeBeyond(max: number): void {
    for (const { connection } of ready.splice(0, ready.length - max)) {
      addon.CloseConnection(connection);
    }
  }

  return {
    /** Runs `use` in a session that nothing else uses meanwhile. Rejects with the engine's error text. */
    async with<T>(statement: Statement, use: (connection: unknown) => Promise<T>): Promise<T> {
      const set = setStatement(statement.settings);
      const key = JSON.stringify([statement.database, set]);
      const at = ready.findLastIndex((session) => session.key === key);
      const [waiting] = at < 0 ? [] : ready.splice(at, 1);
      const connection = waiting?.connection ?? (await open(statement.database, set));
      let isAsBefore = false;
      try {
        const result = await use(connection);
        isAsBefore = LEAVES_NOTHING.test(statement.sql);
        return result;
      } finally {
        if (isAsBefore) ready.push({ key, connection });
        else addon.CloseConnection(connection);
        closeBeyond(READY_MAX);
      }
    },
    close: () => closeBeyond(0),
  };
}

/**
 * Opens the data folder; it is created when missing. One process at a time may hold it. Settings and the current
 * database of one statement never show in another that was sent without them.
 */
export function openDatabase(dir: string): Database {
  const addon = loadAddon();
  // The engine shuts down with its last connection, so this one stays.
  const anchor = addon.CreateConnection(dir, CONNECTION_ARGS);
  if (!anchor) throw new SpanloomError('engine-unavailable', `cannot open the data folder ${dir}`);
  const sessions = createSessions(addon, dir);
  let running = 0;
  let closing = false;
  const closeWhenIdle = (): void => {
    if (!closing || running > 0) return;
    sessions.close();
    addon.CloseConnection(anchor);
  };
  const run = async (statement: Statement): Promise<StatementResult> => {
    running++;
    try {
      return await sessions.with(statement, async (connection) => {
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
      });
    } finally {
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
