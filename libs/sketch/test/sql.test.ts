import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Session } from 'chdb';
import fc from 'fast-check';
import {
  bucketMidpoint,
  inWindow,
  type LatencyPane,
  nearestRank,
  quantilesOf,
  Sketch,
  summarize,
} from '../src';

const SCHEMAS = resolve(__dirname, '..', '..', '..', 'schemas', 'clickhouse');
const QUANTILES = [0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1];

let folder: string;
let session: Session;

function rows<T>(sql: string): T[] {
  const text = session.query(
    `${sql} SETTINGS output_format_json_quote_denormals = 1`,
    'JSONEachRow',
  );
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

function migrate(file: string): void {
  const sql = readFileSync(join(SCHEMAS, file), 'utf8').replace(/\{\{retention_days\}\}/g, '3650');
  const bare = sql.replace(/^\s*--.*$/gm, '');
  for (const statement of bare.split(/;\s*$/m))
    if (statement.trim() !== '') session.query(statement);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spanloom-sql-'));
  session = new Session(folder);
  session.query('CREATE DATABASE spanloom');
  session.query('USE spanloom');
  migrate('0001_spans.sql');
  migrate('0002_fragments_and_ledger.sql');
  migrate('0003_latency_panes.sql');
  migrate('0004_latency_views.sql');
  migrate('0005_trace_analysis.sql');
  migrate('0008_span_metrics.sql');
});

afterAll(() => {
  session.cleanup();
  rmSync(folder, { recursive: true, force: true });
});

function mapText(sketch: Sketch): string {
  const { indices, counts } = sketch.counts();
  const pairs = indices.map((index, i) => `${index}, ${counts[i] as number}`);
  return `CAST(map(${pairs.join(', ')}), 'Map(Int16, UInt64)')`;
}

const nanos = fc.oneof(fc.nat({ max: 300 }), fc.nat(), fc.maxSafeNat());
const weighted = fc.tuple(nanos, fc.integer({ min: 1, max: 1_000_000 }));

function sketchOf(values: readonly (readonly [number, number])[]): Sketch {
  const sketch = new Sketch();
  for (const [value, weight] of values) sketch.add(value, weight);
  return sketch;
}

describe('SQL against TypeScript', () => {
  it('has the same midpoint for every bucket', () => {
    const found = rows<{ i: number; m: number }>(
      'SELECT toInt16(number) AS i, latencyBucketMidpoint(i) AS m FROM numbers(3712)',
    );
    expect(found).toHaveLength(3712);
    for (const { i, m } of found) expect(m).toBe(bucketMidpoint(i));
  });

  it('has the same rank', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), fc.integer({ min: 1, max: 2e9 }), (q, count) => {
        const sql = `SELECT latencyRank(${q / 1e6}, ${count}) AS r`;
        expect(Number(rows<{ r: number }>(sql)[0]?.r)).toBe(nearestRank(q / 1e6, count));
      }),
    );
  });

  it('has the same quantiles of one map, to the last bit', () => {
    fc.assert(
      fc.property(fc.array(weighted, { minLength: 1, maxLength: 60 }), (values) => {
        const sketch = sketchOf(values);
        const sql = `SELECT latencyQuantiles([${QUANTILES.join()}], ${mapText(sketch)}, toFloat64(${sketch.min}), toFloat64(${sketch.max})) AS q`;
        expect(rows<{ q: number[] }>(sql)[0]?.q).toEqual(sketch.quantiles(QUANTILES));
      }),
    );
  });

  it('gives nan for an empty map', () => {
    const empty = "CAST(map(), 'Map(Int16, UInt64)')";
    expect(rows(`SELECT latencyQuantile(0.5, ${empty}, 0., 0.) AS q`)).toEqual([{ q: 'nan' }]);
  });
});

const anyPane = fc
  .record({
    slot: fc.nat({ max: 400 }),
    service: fc.constantFrom('cart', 'pay'),
    values: fc.array(weighted, { minLength: 1, maxLength: 20 }),
    id: fc.integer({ min: 1, max: 1e9 }),
  })
  .map(({ slot, service, values, id }): LatencyPane => {
    const sketch = sketchOf(values);
    return {
      ...sketch.counts(),
      startS: 1_700_000_000 + slot * 10,
      service,
      operation: 'op',
      kind: 2,
      statusCode: 2,
      count: sketch.count,
      errors: sketch.count,
      exemplarTraceId: id.toString(16).padStart(32, '0'),
      exemplarSpanId: id.toString(16).padStart(16, '0'),
    };
  });

function insert(panes: readonly LatencyPane[]): void {
  session.query('TRUNCATE TABLE latency_panes');
  add(panes);
}

function add(panes: readonly LatencyPane[], settings = ''): void {
  const values = panes.map((pane) => {
    const map = pane.indices.map((index, i) => `${index}, ${pane.counts[i] as number}`).join();
    const exemplar = `(${pane.max}, '${pane.exemplarTraceId}', '${pane.exemplarSpanId}')`;
    return `('${pane.service}', '${pane.operation}', 'Server', 'Error', ${pane.startS}, ${pane.count}, ${pane.errors}, ${pane.sum}, ${pane.min}, ${pane.max}, map(${map}), ${exemplar}, now(), map(0, 1))`;
  });
  session.query(`INSERT INTO latency_panes ${settings} VALUES ${values.join()}`);
}

interface ViewRow {
  readonly WindowS: number;
  readonly ServiceName: string;
  readonly Count: number;
  readonly Errors: number;
  readonly RatePerS: number;
  readonly MeanNano: number;
  readonly MinNano: number;
  readonly MaxNano: number;
  readonly Quantiles: number[];
}

/** Compares a row of a view with the panes merged here. Sums are floating point: their order may differ. */
function expectRow(row: ViewRow, panes: readonly LatencyPane[], window_s: number): void {
  const summary = summarize(panes, window_s);
  expect([row.Count, row.Errors].map(Number)).toEqual([summary.count, summary.errors]);
  expect(row.Quantiles).toEqual(summary.quantilesNano);
  expect([row.MinNano, row.MaxNano]).toEqual([summary.minNano, summary.maxNano]);
  expect(Math.abs(row.MeanNano - summary.meanNano)).toBeLessThanOrEqual(1e-9 * summary.meanNano);
  expect(row.RatePerS).toBeCloseTo(summary.ratePerS, 6);
}

const serviceOf = (panes: readonly LatencyPane[], service: string): LatencyPane[] =>
  panes.filter((pane) => pane.service === service);

describe('views against TypeScript', () => {
  const somePanes = fc.array(anyPane, { minLength: 1, maxLength: 30 });

  it('latency_rolling merges the panes of each window', () => {
    fc.assert(
      fc.property(somePanes, fc.nat({ max: 4_100 }), (panes, after) => {
        insert(panes);
        const at = 1_700_000_000 + after;
        const found = rows<ViewRow>(`SELECT * FROM latency_rolling(at = ${at})`);
        let expected = 0;
        for (const window_s of [60, 300, 900, 3600]) {
          for (const service of ['cart', 'pay']) {
            const inside = serviceOf(panes, service).filter((p) => inWindow(p, at, window_s));
            if (inside.length === 0) continue;
            expected++;
            const row = found.find((r) => r.WindowS === window_s && r.ServiceName === service);
            expectRow(row as ViewRow, inside, window_s);
          }
        }
        expect(found).toHaveLength(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('latency_quantiles and latency_over_time merge between two times', () => {
    fc.assert(
      fc.property(somePanes, (panes) => {
        insert(panes);
        const range = 'start_at = 1700000000, end_at = 1700003600';
        const inside = panes.filter((pane) => pane.startS < 1_700_003_600);
        const whole = rows<ViewRow>(`SELECT * FROM latency_quantiles(${range})`);
        for (const row of whole) expectRow(row, serviceOf(inside, row.ServiceName), 3600);
        const steps = rows<ViewRow & { At: number }>(
          `SELECT *, toUnixTimestamp(Time) AS At FROM latency_over_time(${range}, step_s = 60)`,
        );
        for (const row of steps) {
          const step = inside.filter((pane) => pane.startS - (pane.startS % 60) === row.At);
          expectRow(row, serviceOf(step, row.ServiceName), 60);
        }
        const counted = (list: readonly ViewRow[]): number =>
          list.reduce((sum, row) => sum + Number(row.Count), 0);
        const total = inside.reduce((sum, pane) => sum + pane.count, 0);
        expect([counted(whole), counted(steps)]).toEqual([total, total]);
      }),
      { numRuns: 40 },
    );
  });

  it('latency_by_operation and latency_by_service merge what they do not tell apart', () => {
    fc.assert(
      fc.property(somePanes, (panes) => {
        insert(panes);
        const range = 'start_at = 1700000000, end_at = 1700003600';
        const inside = panes.filter((pane) => pane.startS < 1_700_003_600);
        const services = new Set(inside.map(({ service }) => service));
        for (const view of ['latency_by_operation', 'latency_by_service']) {
          const found = rows<ViewRow & { ErrorRate: number }>(`SELECT * FROM ${view}(${range})`);
          expect(found).toHaveLength(services.size);
          for (const row of found) {
            expectRow(row, serviceOf(inside, row.ServiceName), 3600);
            expect(row.ErrorRate).toBe(1);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('totals', () => {
  interface Total {
    readonly s: string;
    readonly n: number;
    readonly nano: number;
    readonly q: number[];
    readonly exemplar: string;
  }
  const QUERY = `SELECT ServiceName AS s, sum(Count) AS n, sum(SumNano) AS nano, max(Exemplar).4 AS exemplar,
    latencyQuantiles([${QUANTILES.join()}], sumMap(Buckets), 0, inf) AS q FROM latency_totals GROUP BY s ORDER BY s`;

  it('count each block once, however often it comes, and keep the slowest span of the newest pane', () => {
    session.query('TRUNCATE TABLE latency_totals');
    session.query('TRUNCATE TABLE latency_panes');
    const inserted: LatencyPane[] = [];
    let token = 0;
    fc.assert(
      fc.property(fc.array(anyPane, { minLength: 1, maxLength: 10 }), (panes) => {
        const before = new Map(rows<Total>(QUERY).map(({ s, n }) => [s, Number(n)]));
        token++;
        const settings = `SETTINGS insert_deduplication_token = 'block-${token}', deduplicate_blocks_in_dependent_materialized_views = 1, optimize_on_insert = 0`;
        add(panes, settings);
        add(panes, settings);
        inserted.push(...panes);
        for (const { s, n, nano, q, exemplar } of rows<Total>(QUERY)) {
          const all = serviceOf(inserted, s);
          const summary = summarize(all, 1);
          expect(Number(n)).toBe(summary.count);
          expect(Number(n)).toBeGreaterThanOrEqual(before.get(s) ?? 0);
          expect(Math.abs(nano / summary.count / summary.meanNano - 1)).toBeLessThan(1e-9);
          const sketch = new Sketch();
          for (const pane of all) sketch.merge(pane);
          const unbounded = { ...sketch.counts(), min: 0, max: Number.POSITIVE_INFINITY };
          const whole = { ...unbounded, length: unbounded.indices.length };
          expect(q).toEqual(quantilesOf(whole, QUANTILES));
          const newest = Math.max(...all.map(({ startS }) => startS));
          const slowest = Math.max(...all.filter((p) => p.startS === newest).map((p) => p.max));
          const shown = all.filter((p) => p.startS === newest && p.max === slowest);
          expect(shown.map((p) => p.exemplarSpanId)).toContain(exemplar);
        }
      }),
      { numRuns: 25 },
    );
  });
});
