import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Logger, SpanloomError } from '@spanloom/runtime';
import { openDatabase, type StatementResult } from './chdb';
import { serverException } from './exception';
import { type FrontRequest, readRequest } from './request';
import { createSpool } from './spool';
import { outputFormat } from './sql-scan';
import { createStatements, type Statements } from './statements';

/** Settings of the front. */
export interface FrontOptions {
  /** Folder of the tables. */
  readonly dir: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Greatest body of an insert, in bytes after decompression. */
  readonly bodyBytesMax: number;
  readonly logger: Logger;
}

/** A running front. */
export interface Front {
  readonly port: number;
  /** Stops taking requests, finishes what runs, closes the tables. */
  close(): Promise<void>;
}

const compress = promisify(gzip);
/** Query strings hold statements and parameters, so headers may be as long as a server takes them. */
const HEADER_BYTES_MAX = 1024 * 1024;
const STATEMENT_BYTES_MAX = 64 * 1024 * 1024;
const KEEP_ALIVE_MS = 30_000;

function contentType(format: string): string {
  if (format.startsWith('JSON')) return 'application/json; charset=UTF-8';
  if (format.startsWith('CSV')) return 'text/csv; charset=UTF-8';
  if (/^(TabSeparated|TSV)/.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  return 'application/octet-stream';
}

/** Counters in the shape of the server's summary header: all of them texts. */
function summary(result: StatementResult, isInsert: boolean): string {
  const rows = String(result.rows);
  const bytes = String(result.readBytes);
  return JSON.stringify({
    read_rows: rows,
    read_bytes: bytes,
    written_rows: isInsert ? rows : '0',
    written_bytes: isInsert ? bytes : '0',
    total_rows_to_read: '0',
    result_rows: rows,
    result_bytes: bytes,
    elapsed_ns: String(Math.round(result.elapsedS * 1e9)),
  });
}

async function answer(
  request: FrontRequest,
  response: ServerResponse,
  statements: Statements,
): Promise<void> {
  const result = await statements.run(request);
  const isInsert = /^\s*insert\b/i.test(request.sql);
  const format = outputFormat(request.sql) ?? request.defaultFormat;
  const packed = request.gzip && result.bytes.length > 0;
  const body = packed ? await compress(result.bytes) : result.bytes;
  response.writeHead(200, {
    'Content-Type': contentType(format),
    'Content-Length': body.length,
    'X-ClickHouse-Format': format,
    'X-ClickHouse-Query-Id': request.queryId ?? randomUUID(),
    'X-ClickHouse-Server-Display-Name': 'spanloom-local',
    'X-ClickHouse-Summary': summary(result, isInsert),
    'X-ClickHouse-Timezone': 'UTC',
    ...(packed ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(body);
}

function refuse(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  version: string,
): void {
  const exception = serverException((error as Error).message, version);
  const body = `${exception.text}\n`;
  // What was not read of the body would be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close');
  response.writeHead(exception.status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': Buffer.byteLength(body),
    'X-ClickHouse-Exception-Code': exception.code,
    'X-ClickHouse-Timezone': 'UTC',
  });
  response.end(body);
}

function listen(server: Server, options: FrontOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        new SpanloomError(
          inUse ? 'port-in-use' : 'engine-unavailable',
          inUse
            ? `port ${options.port} is in use; move the ClickHouse front with SPANLOOM_CLICKHOUSE_PORT`
            : `the ClickHouse front cannot listen: ${error.message}`,
          { cause: error },
        ),
      );
    });
    server.listen(options.port, options.host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : options.port);
    });
  });
}

/** Opens the tables and serves them over ClickHouse's HTTP interface. Errors: port-in-use, engine-missing. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { logger } = options;
  const database = openDatabase(options.dir);
  const statements = createStatements({
    database,
    spool: createSpool(options.dir, options.bodyBytesMax),
    statementBytesMax: STATEMENT_BYTES_MAX,
  });
  const hello = { sql: 'SELECT version()', format: 'TSV', database: '', params: {}, settings: {} };
  const version = (await database.run(hello)).bytes.toString().trim();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method === 'GET' && (path === '/ping' || request.url === '/')) {
      response.end('Ok.\n');
      return;
    }
    let sql = '';
    try {
      const parsed = await readRequest(request);
      sql = parsed.sql;
      await answer(parsed, response, statements);
    } catch (error) {
      const query = sql.slice(0, 500);
      logger.warn({ error: (error as Error).message.slice(0, 2000), query }, 'statement failed');
      if (!response.headersSent && !response.destroyed) refuse(error, request, response, version);
    }
  };
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true },
    (request, response) => void handle(request, response),
  );
  const port = await listen(server, options);
  logger.info({ port, dir: options.dir, version }, 'ClickHouse front listens');
  return {
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await statements.idle();
      server.closeAllConnections();
      await closed;
      database.close();
    },
  };
}
