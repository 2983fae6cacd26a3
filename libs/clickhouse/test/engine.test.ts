import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createLogger, isRetriable } from '@spanloom/runtime';
import { type Front, startFront } from '../../../infra/src/clickhouse-front/server';
import {
  type ClickHouse,
  clickhouseCode,
  createClickHouse,
  type EncodedRows,
  migrate,
} from '../src';

const logger = createLogger({ service: 'test', level: 'silent' });
const MIGRATIONS = resolve(__dirname, '../../../schemas/clickhouse');

const rowBinary = (...body: readonly Buffer[]): EncodedRows => ({ format: 'RowBinary', body });

let folder: string;
let front: Front;
const open: ClickHouse[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spanloom-clickhouse-'));
  front = await startFront({
    dir: join(folder, 'data'),
    host: '127.0.0.1',
    port: 0,
    bodyBytesMax: 1e8,
    logger,
  });
}, 60_000);

afterAll(async () => {
  await Promise.all(open.map((client) => client.close()));
  await front.close();
  rmSync(folder, { recursive: true, force: true });
});

function connect(database: string, port = front.port): ClickHouse {
  const client = createClickHouse(
    {
      clickhouse_url: `http://127.0.0.1:${port}`,
      clickhouse_database: database,
      clickhouse_user: 'default',
      clickhouse_password: '',
    },
    { logger },
  );
  open.push(client);
  return client;
}

function migrations(name: string, files: Readonly<Record<string, string>>): string {
  const dir = join(folder, name);
  mkdirSync(dir, { recursive: true });
  for (const [file, sql] of Object.entries(files)) writeFileSync(join(dir, file), sql);
  return dir;
}

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe('createClickHouse', () => {
  it('inserts RowBinary in pieces, with columns in any order, and a repeated token once', async () => {
    const clickhouse = connect('client_insert');
    await clickhouse.createDatabase();
    await clickhouse.command(
      `CREATE TABLE t (a UInt8, n Nested(x String, y UInt8)) ENGINE = MergeTree ORDER BY a
       SETTINGS non_replicated_deduplication_window = 100`,
    );
    const body = [Buffer.from([1, 1, 0x68]), Buffer.from([1, 7, 42])];
    const columns = ['n.x', 'n.y', 'a'];
    await clickhouse.insertRows('t', columns, rowBinary(...body), {
      insert_deduplication_token: 'one',
    });
    await clickhouse.insertRows('t', columns, rowBinary(...body), {
      insert_deduplication_token: 'one',
    });
    await clickhouse.insertRows('t', columns, rowBinary(Buffer.concat(body)), {
      insert_deduplication_token: 'two',
    });
    const rows = await clickhouse.query('SELECT * FROM t WHERE a = {a:UInt8}', { a: 42 });
    const row = { a: 42, 'n.x': ['h'], 'n.y': [7] };
    expect(rows).toEqual([row, row]);
  });

  it('says that broken rows, and tables that are not there, are not worth a retry', async () => {
    const clickhouse = connect('client_errors');
    await clickhouse.createDatabase();
    await clickhouse.command('CREATE TABLE t (a UInt64) ENGINE = Memory');
    const broken = await failureOf(
      clickhouse.insertRows('t', ['a'], rowBinary(Buffer.from([1, 2, 3]))),
    );
    expect(broken).toMatchObject({ code: 'clickhouse-failed', retriable: false });
    const missing = await failureOf(clickhouse.query('SELECT * FROM nothing'));
    expect(clickhouseCode(missing)).toBe(60);
    expect(isRetriable(missing)).toBe(false);
    expect(await clickhouse.query('SELECT count() AS n FROM t')).toEqual([{ n: 0 }]);
  });

  it('says that an engine that is away is worth a retry', async () => {
    const away = connect('any', 1);
    expect(await failureOf(away.command('SELECT 1'))).toMatchObject({
      code: 'engine-unavailable',
      retriable: true,
    });
    expect(await away.ping()).toBe(false);
    expect(await connect('any').ping()).toBe(true);
  });

  it('takes a connection cut in the middle of the answer, and an error after the header, for failures', async () => {
    const answers = [
      (socket: import('node:net').Socket) =>
        socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal'),
      (socket: import('node:net').Socket) =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\nCode: 241. Exception: '),
    ];
    const server = createServer((request) => {
      request.resume().on('end', () => answers.shift()?.(request.socket));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const clickhouse = connect('any', (server.address() as AddressInfo).port);
    for (let i = 0; i < 2; i++) {
      const failure = await failureOf(clickhouse.insertRows('t', ['a'], rowBinary(Buffer.of(1))));
      expect(isRetriable(failure)).toBe(true);
    }
    server.close();
  });
});

describe('migrate', () => {
  it('applies our own migrations once, also when several processes do it at once', async () => {
    const clients = [connect('migrated'), connect('migrated'), connect('migrated')];
    const done = await Promise.all(
      clients.map((client) => migrate(client, MIGRATIONS, { logger })),
    );
    expect(done.flat()).toContain(1);
    expect(await migrate(clients[0] as ClickHouse, MIGRATIONS, { logger })).toEqual([]);
    const tables = await clients[0]?.query<{ name: string }>(
      'SELECT name FROM system.tables WHERE database = currentDatabase()',
    );
    expect(tables?.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'otel_traces',
        'trace_fragments',
        'traces',
        'ledger',
        'latency_panes',
      ]),
    );
    // Without the window, tokens are ignored and every retry counts twice.
    const open_to_doubles = await clients[0]?.query(
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'
       AND name != 'schema_migrations'
       AND create_table_query NOT LIKE '%non_replicated_deduplication_window = 10000%'`,
    );
    expect(open_to_doubles).toEqual([]);
  });

  it('applies only what is new, and refuses a file that changed', async () => {
    const clickhouse = connect('growing');
    const one = 'CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = Memory;';
    const dir = migrations('growing', { '0001_a.sql': one });
    expect(await migrate(clickhouse, dir, { logger })).toEqual([1]);
    migrations('growing', { '0002_b.sql': 'CREATE OR REPLACE VIEW b AS SELECT x FROM a;' });
    expect(await migrate(clickhouse, dir, { logger })).toEqual([2]);
    migrations('growing', { '0001_a.sql': `${one} -- other` });
    expect(await failureOf(migrate(clickhouse, dir, { logger }))).toMatchObject({
      code: 'migration-changed',
      details: { migration: '0001_a.sql' },
    });
  });

  it('repeats a migration that stopped half-way', async () => {
    const clickhouse = connect('half_way');
    const first = 'CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = Memory;';
    const dir = migrations('half_way', { '0001_a.sql': `${first} SELECT nonsense;` });
    expect(await failureOf(migrate(clickhouse, dir, { logger }))).toMatchObject({
      retriable: false,
    });
    migrations('half_way', { '0001_a.sql': `${first} CREATE VIEW IF NOT EXISTS b AS SELECT 1;` });
    expect(await migrate(clickhouse, dir, { logger })).toEqual([1]);
  });

  it('leaves out a setting of a table that the server does not know, and only that', async () => {
    const clickhouse = connect('unknown_setting');
    const create = 'CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;';
    const setting = 'ALTER TABLE a MODIFY SETTING no_such_setting = 1;';
    const dir = migrations('unknown_setting', { '0001_a.sql': `${create} ${setting}` });
    expect(await migrate(clickhouse, dir, { logger })).toEqual([1]);
    migrations('unknown_setting', { '0002_b.sql': 'SELECT 1 SETTINGS no_such_setting = 1;' });
    expect(await failureOf(migrate(clickhouse, dir, { logger }))).toMatchObject({
      details: { clickhouse_code: 115 },
    });
  });

  it('refuses a retention that would overflow, and parameters that nobody gives', async () => {
    const clickhouse = connect('parameters');
    const dir = migrations('parameters', { '0001_a.sql': 'SELECT {{unknown}}' });
    expect(
      await failureOf(migrate(clickhouse, dir, { logger }, { retention_days: 36_500 })),
    ).toMatchObject({ code: 'config-invalid' });
    expect(await failureOf(migrate(clickhouse, dir, { logger }))).toMatchObject({
      code: 'internal',
    });
  });
});
