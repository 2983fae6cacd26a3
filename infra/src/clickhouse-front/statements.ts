import { Readable } from 'node:stream';
import type { Database, Statement, StatementResult } from './chdb';
import { frontException } from './exception';
import { createLane, type Lane } from './lane';
import type { FrontRequest } from './request';
import type { Spool } from './spool';
import { hasSecondStatement, parseDataInsert } from './sql-scan';

/** Runs requests on the engine: inserts with data in one lane, everything else in another. */
export interface Statements {
  run(request: FrontRequest): Promise<StatementResult>;
  /** Resolves when everything queued has been done. */
  idle(): Promise<void>;
}

/** Greatest number of statements that wait in each lane. */
const WAITING_MAX = 256;
/** Bodies that are received at a time: together with the limit of one, this bounds the spool. */
const BODIES_MAX = 4;

const EMPTY: StatementResult = { bytes: Buffer.alloc(0), rows: 0, readBytes: 0, elapsedS: 0 };

interface Deps {
  readonly database: Database;
  readonly spool: Spool;
  /** Greatest inline statement, in bytes. */
  readonly statementBytesMax: number;
}

async function appended(sql: string, body: Readable | null, bytesMax: number): Promise<string> {
  if (body === null) return sql;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw frontException(307, 'TOO_MANY_BYTES', `The statement is over ${bytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return bytes === 0 ? sql : `${sql}\n${Buffer.concat(chunks).toString('utf8')}`;
}

/** Bounds how many run at a time; the others wait for their turn. */
function createGate(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  const lanes: Lane[] = Array.from({ length: max }, () => createLane(WAITING_MAX));
  let next = 0;
  return (work) => (lanes[next++ % max] as Lane).run(work);
}

/**
 * Makes the runner. The engine takes binary data only from files, so the body of an insert is spooled
 * and the statement rewritten to `INSERT … FROM INFILE`. Query parameters are process-wide in the engine:
 * two statements with parameters must never run side by side, which the query lane sees to.
 */
export function createStatements(deps: Deps): Statements {
  const inserts = createLane(WAITING_MAX);
  const queries = createLane(WAITING_MAX);
  const gate = createGate(BODIES_MAX);

  const statement = (request: FrontRequest, sql: string): Statement => ({
    sql,
    format: request.defaultFormat,
    database: request.database,
    params: request.params,
    settings: request.settings,
  });

  const runQuery = async (request: FrontRequest): Promise<StatementResult> => {
    const sql = await appended(request.sql, request.body, deps.statementBytesMax);
    if (sql.trim() === '') throw frontException(62, 'SYNTAX_ERROR', 'Empty query');
    if (hasSecondStatement(sql)) {
      throw frontException(62, 'SYNTAX_ERROR', 'Multi-statements are not allowed');
    }
    return queries.run(() => deps.database.run(statement(request, sql)));
  };

  const runInsert = (
    request: FrontRequest,
    insert: NonNullable<ReturnType<typeof parseDataInsert>>,
    body: Readable,
  ): Promise<StatementResult> =>
    gate(() =>
      deps.spool.withFile(body, async (path) => {
        if (path === null) return EMPTY;
        const sql = `${insert.target} FROM INFILE '${path}' COMPRESSION 'none' ${insert.settings} FORMAT ${insert.format}`;
        const lane = Object.keys(request.params).length > 0 ? queries : inserts;
        return lane.run(() => deps.database.run(statement(request, sql)));
      }),
    );

  return {
    run: (request) => {
      const insert = parseDataInsert(request.sql);
      if (insert === null) return runQuery(request);
      if (insert.dataAt === null) {
        return runInsert(request, insert, request.body ?? Readable.from([]));
      }
      const inline = Buffer.from(request.sql.slice(insert.dataAt), 'utf8');
      return runInsert(request, insert, Readable.from([inline]));
    },
    idle: async () => {
      await Promise.all([inserts.idle(), queries.idle()]);
    },
  };
}
