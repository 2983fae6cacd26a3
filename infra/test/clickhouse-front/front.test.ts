import { existsSync, readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { startTestEngines, type TestEngines } from '../../src/engines/test-engines';

const BODY_BYTES_MAX = 4 * 1024 * 1024;

let engines: TestEngines;
let client: ClickHouseClient;
let url: string;

const connect = (): ClickHouseClient =>
  createClient({ url, database: 'front', log: { level: 127 as never } });

async function rows<T>(query: string, query_params: Record<string, unknown> = {}): Promise<T[]> {
  const result = await client.query({ query, query_params, format: 'JSONEachRow' });
  return result.json<T>();
}

/** One row of (a UInt32, b String) in RowBinary; the strings hold what text formats would trip over. */
function rowBinary(from: number, count: number): Buffer {
  const text = Buffer.from('\n\n;\0\t');
  const encode = (i: number): Buffer => {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(i);
    return Buffer.concat([number, Buffer.from([text.length]), text]);
  };
  return Buffer.concat(Array.from({ length: count }, (_, i) => encode(from + i)));
}

async function insert(
  body: Buffer,
  token: string,
  query = 'INSERT INTO t (a, b) FORMAT RowBinary',
) {
  const result = await client.exec({
    query,
    values: Readable.from([body], { objectMode: false }),
    clickhouse_settings: {
      insert_deduplication_token: token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
    },
  });
  await result.stream.resume().toArray();
  return result.summary;
}

const counts = async (): Promise<unknown> =>
  (
    await rows(
      'SELECT (SELECT count() FROM t) AS t, (SELECT toUInt32(sum(n)) FROM per_kind) AS view',
    )
  )[0];

beforeAll(async () => {
  process.env.SPANLOOM_CLICKHOUSE_BODY_BYTES_MAX = String(BODY_BYTES_MAX);
  engines = await startTestEngines({ engines: ['clickhouse'] });
  url = engines.engine('clickhouse').url;
  const first = createClient({ url });
  await first.command({ query: 'CREATE DATABASE front' });
  await first.close();
  client = connect();
  const window = 'SETTINGS non_replicated_deduplication_window = 100';
  for (const query of [
    `CREATE TABLE t (a UInt32, b String) ENGINE = ReplacingMergeTree ORDER BY a ${window}`,
    `CREATE TABLE per_kind (k UInt32, n SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY k ${window}`,
    'CREATE MATERIALIZED VIEW v TO per_kind AS SELECT a % 2 AS k, count() AS n FROM t GROUP BY k',
  ]) {
    await client.command({ query });
  }
}, 60_000);

afterAll(async () => {
  await client?.close();
  await engines?.stop();
  delete process.env.SPANLOOM_CLICKHOUSE_BODY_BYTES_MAX;
});

test('ping, both ways', async () => {
  expect(await client.ping()).toEqual({ success: true });
  expect(await client.ping({ select: true })).toEqual({ success: true });
});

test('parameters arrive as they were given', async () => {
  const params = { x: "it's\t\\ {y:String}\n", y: ["a'b", 'c\\'], n: '18446744073709551615' };
  const [row] = await rows(
    'SELECT {x:String} AS x, {y:Array(String)} AS y, toString({n:UInt64}) AS n',
    params,
  );
  expect(row).toEqual(params);
});

test('parameters too long for an address arrive too', async () => {
  const x = 'é'.repeat(20_000);
  expect(await rows('SELECT length({x:String}) AS n', { x })).toEqual([{ n: 40_000 }]);
});

test('a binary insert is stored once per token, in the view too', async () => {
  const summary = await insert(rowBinary(0, 1_000), 'token-1');
  expect(summary?.written_rows).toBe('1000');
  expect(await counts()).toEqual({ t: 1_000, view: 1_000 });
  await insert(rowBinary(0, 1_000), 'token-1');
  expect(await counts()).toEqual({ t: 1_000, view: 1_000 });
  await insert(rowBinary(0, 1_000), 'token-2');
  expect(await counts()).toEqual({ t: 2_000, view: 2_000 });
  const [final] = await rows('SELECT count() AS n, countIf(length(b) = 5) AS whole FROM t FINAL');
  expect(final).toEqual({ n: 1_000, whole: 1_000 });
});

test('compressed bodies and answers', async () => {
  const query = encodeURIComponent('INSERT INTO t (a, b) FORMAT RowBinary');
  const response = await fetch(`${url}/?database=front&query=${query}`, {
    method: 'POST',
    headers: { 'Content-Encoding': 'gzip' },
    body: gzipSync(rowBinary(5_000_000, 10)),
  });
  expect(response.status).toBe(200);
  const packed = createClient({ url, database: 'front', compression: { response: true } });
  const result = await packed.query({
    query: 'SELECT count() AS n FROM t WHERE a >= 5000000',
    format: 'JSONEachRow',
  });
  expect(await result.json()).toEqual([{ n: 10 }]);
  await packed.close();
});

test('text inserts, from the client and by hand', async () => {
  const values = [
    { a: 6_000_000, b: 'x' },
    { a: 6_000_001, b: 'y' },
  ];
  await client.insert({ table: 't', values, format: 'JSONEachRow' });
  const sql = 'INSERT INTO t FORMAT JSONEachRow\n{"a":6000002,"b":"1"}\n\n{"a":6000003,"b":"2"}\n';
  const byHand = await fetch(`${url}/?database=front`, { method: 'POST', body: sql });
  expect(byHand.status).toBe(200);
  await client.command({ query: "INSERT INTO t VALUES (6000004, 'z')" });
  expect(await rows('SELECT count() AS n FROM t WHERE a >= 6000000')).toEqual([{ n: 5 }]);
});

test('settings hold for one request only', async () => {
  const query = "SELECT getSetting('max_block_size') AS n";
  const settings = { max_block_size: '77' };
  const result = await client.query({
    query,
    format: 'JSONEachRow',
    clickhouse_settings: settings,
  });
  expect(await result.json()).toEqual([{ n: 77 }]);
  expect(await rows(query)).not.toEqual([{ n: 77 }]);
});

test.each([
  ['SELECT nope FROM t', '47', 'UNKNOWN_IDENTIFIER', 404],
  ['SELECT 1 FROM missing', '60', 'UNKNOWN_TABLE', 404],
  ['select 1 +', '62', 'SYNTAX_ERROR', 400],
  ['SELECT 1; SELECT 2', '62', 'SYNTAX_ERROR', 400],
])('%s fails like on a server', async (query, code, type, status) => {
  await expect(client.command({ query })).rejects.toMatchObject({ code, type });
  const response = await fetch(`${url}/?database=front`, { method: 'POST', body: query });
  expect(response.status).toBe(status);
  expect(response.headers.get('x-clickhouse-exception-code')).toBe(code);
});

test('a broken binary body is refused as a whole', async () => {
  const before = await counts();
  const broken = rowBinary(7_000_000, 100).subarray(0, 555);
  await expect(insert(broken, 'broken')).rejects.toMatchObject({ code: '33' });
  expect(await counts()).toEqual(before);
});

test('an unknown setting and a session are refused', async () => {
  const ask = (query: string) => fetch(`${url}/?${query}`, { method: 'POST', body: 'SELECT 1' });
  expect((await ask('no_such_setting=1')).status).toBe(404);
  expect((await ask('session_id=s1')).status).toBe(501);
});

test('a body over the limit is refused, and the front goes on', async () => {
  const query = encodeURIComponent('INSERT INTO t (a, b) FORMAT RowBinary');
  const before = await counts();
  const status = await fetch(`${url}/?database=front&query=${query}`, {
    method: 'POST',
    body: Buffer.alloc(BODY_BYTES_MAX * 2),
  }).then(
    (response) => response.status,
    // The connection is closed after the answer; a client that still writes may see only that.
    () => 413,
  );
  expect(status).toBe(413);
  expect(await counts()).toEqual(before);
});

test('reads and writes side by side', async () => {
  const before = (await counts()) as { t: number };
  const reads = Array.from({ length: 30 }, (_, i) => rows('SELECT {x:UInt32} AS x', { x: i }));
  const writes = Array.from({ length: 10 }, (_, i) =>
    insert(rowBinary(8_000_000 + i * 100, 100), `side-${i}`),
  );
  expect(await Promise.all(reads)).toEqual(Array.from({ length: 30 }, (_, i) => [{ x: i }]));
  await Promise.all(writes);
  expect(((await counts()) as { t: number }).t).toBe(before.t + 1_000);
});

test('what was answered survives kill -9, tokens included, and no spooled body stays', async () => {
  await insert(rowBinary(9_000_000, 100), 'survivor');
  const before = await counts();
  await engines.kill('clickhouse');
  await engines.restart('clickhouse');
  await client.close();
  client = connect();
  expect(await counts()).toEqual(before);
  await insert(rowBinary(9_000_000, 100), 'survivor');
  expect(await counts()).toEqual(before);
  const { pid } = engines.engine('clickhouse').identity;
  const spooled = existsSync('/dev/shm') ? readdirSync('/dev/shm') : [];
  expect(spooled.filter((name) => name.startsWith(`spanloom-${pid}-`))).toEqual([]);
}, 60_000);
