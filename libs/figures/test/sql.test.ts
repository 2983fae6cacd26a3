import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bucketIndex } from '@spanloom/sketch';
import { Session } from 'chdb';
import fc from 'fast-check';
import { splitStatements } from '../../clickhouse/src/statements';

const SCHEMAS = resolve(__dirname, '..', '..', '..', 'schemas', 'clickhouse');
const FILES = [
  '0001_spans.sql',
  '0002_fragments_and_ledger.sql',
  '0003_latency_panes.sql',
  '0004_latency_views.sql',
  '0012_pipeline_figures.sql',
  '0013_pipeline_views.sql',
];
/** A whole minute, so that minutes can be counted from it. */
const EPOCH_S = 1_800_000_000;

let folder: string;
let session: Session;

function rows<T>(sql: string): T[] {
  const text = session.query(sql, 'JSONEachRow');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

function insertRows(into: string, values: readonly string[]): void {
  if (values.length > 0) session.query(`INSERT INTO ${into} VALUES ${values.join(', ')}`);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spanloom-figures-'));
  session = new Session(folder);
  session.query('CREATE DATABASE spanloom');
  session.query('USE spanloom');
  for (const file of FILES) {
    const sql = readFileSync(join(SCHEMAS, file), 'utf8').replaceAll('{{retention_days}}', '3650');
    for (const statement of splitStatements(sql)) session.query(statement);
  }
});

afterAll(() => {
  session.cleanup();
  rmSync(folder, { recursive: true, force: true });
});

test('the bucket of a duration is the same as in TypeScript, next to powers of two above all', () => {
  const edges = Array.from({ length: 53 }, (_, e) => [2 ** e - 1, 2 ** e, 2 ** e + 1]).flat();
  const random = fc.sample(fc.maxSafeNat(), { numRuns: 500, seed: 7 });
  const values = [...edges, ...random].filter((value) => Number.isSafeInteger(value));
  const found = rows<{ v: number; i: number }>(
    `SELECT arrayJoin([${values.join(', ')}]::Array(UInt64)) AS v, latencyBucketIndex(v) AS i`,
  );
  expect(found).toHaveLength(values.length);
  for (const { v, i } of found) expect([v, i]).toEqual([v, bucketIndex(Number(v))]);
});

interface Report {
  readonly service: string;
  readonly startId: string;
  readonly minute: number;
  readonly ended: number;
}

const reports = fc.array(
  fc.record({
    service: fc.constantFrom('a', 'b', 'c'),
    startId: fc.constantFrom('1', '2'),
    minute: fc.nat(20),
    ended: fc.nat(1000),
  }),
  { maxLength: 25 },
);
const fragments = fc.array(fc.record({ minute: fc.nat(20), a: fc.nat(9), b: fc.nat(9) }), {
  maxLength: 15,
});

/** What was heard of a life before a minute: the greatest, late or not. */
function before(all: readonly Report[], minute: number): Map<string, number> {
  const found = new Map<string, number>();
  for (const report of all.filter((each) => each.minute < minute)) {
    const key = `${report.service}/${report.startId}`;
    found.set(key, Math.max(found.get(key) ?? 0, report.ended));
  }
  return found;
}

test('the capture rate of a range is that of the counters that grew in it and the fragments that opened in it', () => {
  fc.assert(
    fc.property(
      reports,
      fragments,
      fc.nat(20),
      fc.integer({ min: 1, max: 21 }),
      (told, stored, from, length) => {
        session.query('TRUNCATE TABLE producer_counters');
        session.query('TRUNCATE TABLE trace_fragments');
        const at = (minute: number): number => EPOCH_S + minute * 60;
        insertRows(
          'producer_counters (ServiceName, StartId, Minute, Ended, Dropped, StoredAt)',
          told.map(
            ({ service, startId, minute, ended }) =>
              `('${service}', '${startId}', ${at(minute)}, ${ended}, 0, ${at(minute)})`,
          ),
        );
        insertRows(
          'trace_fragments (TraceId, Partition, Seq, OpenedAt, ClosedAt, SpanCount, Services, ServiceSpans)',
          stored.map(
            ({ minute, a, b }, seq) =>
              `('${seq}', 0, ${seq}, ${at(minute) + 59}, ${at(minute) + 65}, ${a + b}, ['a', 'b'], [${a}, ${b}])`,
          ),
        );
        const found = rows<{
          Overall: number;
          ServiceName: string;
          Total: number;
          Captured: number;
        }>(
          `SELECT * FROM pipeline_capture(start_at = ${at(from)}, end_at = ${at(from + length)}, services_max = 10)`,
        );
        const ends = before(told, from + length);
        const starts = before(told, from);
        const inRange = stored.filter(({ minute }) => minute >= from && minute < from + length);
        for (const service of ['a', 'b', 'c']) {
          const total = [...ends]
            .filter(([key]) => key.startsWith(`${service}/`))
            .reduce((sum, [key, ended]) => sum + ended - (starts.get(key) ?? 0), 0);
          const captured = inRange.reduce(
            (sum, { a, b }) => sum + (service === 'a' ? a : service === 'b' ? b : 0),
            0,
          );
          const row = found.find(
            ({ Overall, ServiceName }) => Overall === 0 && ServiceName === service,
          );
          expect([Number(row?.Total ?? 0), Number(row?.Captured ?? 0)]).toEqual([total, captured]);
        }
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

test('a block of fragments that comes again adds no storage delay', () => {
  session.query('TRUNCATE TABLE pipeline_delays');
  const insert = `INSERT INTO trace_fragments (TraceId, Partition, Seq, OpenedAt, ClosedAt, SpanCount, Services, ServiceSpans)
    SETTINGS insert_deduplication_token = 'block-1', deduplicate_blocks_in_dependent_materialized_views = 1
    VALUES ('t', 0, 1, now() - 9, now() - 2, 7, ['a', 'b'], [5, 2])`;
  session.query(insert);
  session.query(insert);
  const found = rows<{
    Leg: string;
    ServiceName: string;
    Spans: number;
    Buckets: number;
    Short: number;
  }>(
    `SELECT Leg, ServiceName, sum(Count) AS Spans, arraySum(mapValues(sumMap(Buckets))) AS Buckets,
       min(MinNano) < if(Leg = 'whole', 9e9, 2e9) AS Short
     FROM pipeline_delays GROUP BY Leg, ServiceName ORDER BY Leg, ServiceName`,
  );
  expect(
    found.map((row) => [
      row.Leg,
      row.ServiceName,
      Number(row.Spans),
      Number(row.Buckets),
      row.Short,
    ]),
  ).toEqual([
    ['closed', 'a', 5, 5, 0],
    ['closed', 'b', 2, 2, 0],
    ['whole', 'a', 5, 5, 0],
    ['whole', 'b', 2, 2, 0],
  ]);
});

test('a fragment of the future is clamped and counted', () => {
  session.query('TRUNCATE TABLE pipeline_delays');
  session.query(
    `INSERT INTO trace_fragments (TraceId, Partition, Seq, OpenedAt, ClosedAt, SpanCount, Services, ServiceSpans)
     VALUES ('u', 0, 2, now() + 100, now() + 107, 3, ['a'], [3])`,
  );
  const found = rows<{ C: number; K: number; M: number }>(
    'SELECT sum(Count) AS C, sum(Clamped) AS K, max(MaxNano) AS M FROM pipeline_delays GROUP BY Leg',
  );
  expect(found.map(({ C, K, M }) => [Number(C), Number(K), M])).toEqual([
    [3, 3, 0],
    [3, 3, 0],
  ]);
});

test('what a part of the ledger says adds up, whatever of it is asked for', () => {
  session.query('TRUNCATE TABLE trace_fragments');
  const ledger = [
    // seq, at, from, to, received, dead-lettered, open
    [3, 10, 0, 5, 20, 1, 12],
    [5, 20, 5, 9, 10, 0, 9],
    [8, 30, 9, 12, 8, 0, 0],
  ] as const;
  for (const [seq, at, from, to, received, dead, open] of ledger) {
    session.query(
      `INSERT INTO ledger VALUES (0, ${seq}, ${EPOCH_S + at}, ${from}, ${to}, ${received}, ${dead}, 0, ${open})`,
    );
  }
  const closed = [
    [1, 5, 4, 0],
    [2, 8, 3, 0],
    [4, 15, 12, 1],
    [6, 25, 9, 2],
    [7, 29, 6, 0],
  ] as const;
  for (const [seq, at, spans, duplicates] of closed) {
    session.query(
      `INSERT INTO trace_fragments (TraceId, Partition, Seq, OpenedAt, ClosedAt, SpanCount, DuplicateCount)
       VALUES ('l${seq}', 0, ${seq}, ${EPOCH_S}, ${EPOCH_S + at}, ${spans}, ${duplicates})`,
    );
  }
  const ask = (from: number, to: number) =>
    rows<Record<string, number | null>>(
      `SELECT CarriedIn, Received, Stored, Duplicates, DeadLettered, OpenSpans, Missing
       FROM pipeline_ledger(start_at = ${EPOCH_S + from}, end_at = ${EPOCH_S + to})`,
    ).map((row) => Object.values(row).map(Number));
  expect(ask(0, 100)).toEqual([[0, 38, 34, 3, 1, 0, 0]]);
  expect(ask(0, 15)).toEqual([[0, 20, 7, 0, 1, 12, 0]]);
  expect(ask(11, 25)).toEqual([[12, 10, 12, 1, 0, 9, 0]]);
  expect(ask(21, 100)).toEqual([[9, 8, 15, 2, 0, 0, 0]]);
});
