import { cpuUs, type Engine } from './engine';
import { OWNERS, type Owner, TABLES } from './tables';

/** What a search cost, on the mean over several that ask for different things. */
export interface SearchFigures {
  readonly result_rows: number;
  readonly read_rows: number;
  readonly read_bytes: number;
  readonly elapsed_ms: number;
  readonly cpu_ms: number;
}

/** A search in both tables. */
export interface SearchResult {
  readonly name: string;
  readonly by: Readonly<Record<Owner, SearchFigures>>;
}

type Params = Readonly<Record<string, string>>;

interface Search {
  readonly name: string;
  /** From the table on, as the query service asks. */
  readonly where: string;
  /** What the rows of the answer are. */
  readonly of: 'spans' | 'traces';
}

/** How many different values each search is tried with. */
const VALUES = 7;
const TRACES_MAX = 20;
const TIME =
  'Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64})';

const ALL_COLUMNS =
  'Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode';

function searches(attributes: string): readonly Search[] {
  const slow = 'ServiceName = {service:String} AND Duration >= {least:UInt64}';
  const attribute = `${attributes}[{key:String}] = {value:String}`;
  return [
    { name: 'trace by id', of: 'spans', where: 'TraceId = {trace:String}' },
    { name: 'service and duration, all time', of: 'traces', where: slow },
    {
      name: 'service and duration, a tenth of the time',
      of: 'traces',
      where: `${slow} AND ${TIME}`,
    },
    { name: 'attribute, all time', of: 'traces', where: attribute },
    { name: 'attribute, a tenth of the time', of: 'traces', where: `${attribute} AND ${TIME}` },
  ];
}

function statement(search: Search, table: string): string {
  if (search.of === 'spans') return `SELECT ${ALL_COLUMNS} FROM ${table} WHERE ${search.where}`;
  return `SELECT TraceId FROM ${table} WHERE ${search.where}
GROUP BY TraceId ORDER BY max(Timestamp) DESC, TraceId LIMIT ${TRACES_MAX}`;
}

/** Runs each search in both tables, in turns. Throws when the two tables answer differently. */
export async function runSearches(engine: Engine): Promise<readonly SearchResult[]> {
  const { attributes, params } = await chooseParams(engine);
  const results: SearchResult[] = [];
  for (const search of searches(attributes)) {
    const samples: Record<Owner, SearchFigures[]> = { spanloom: [], exporter: [] };
    for (const given of params) {
      const answers: string[] = [];
      for (const owner of OWNERS) {
        const { figures, rows } = await once(engine, statement(search, TABLES[owner]), given);
        samples[owner].push(figures);
        answers.push(rows);
      }
      if (new Set(answers).size > 1) throw new Error(`the tables differ in: ${search.name}`);
    }
    const by = { spanloom: meanOf(samples.spanloom), exporter: meanOf(samples.exporter) };
    results.push({ name: search.name, by });
  }
  return results;
}

async function once(engine: Engine, sql: string, params: Params) {
  const before_us = cpuUs();
  const { rows, read_rows, read_bytes, elapsed_ms } = await engine.query(sql, params);
  const cpu_ms = (cpuUs() - before_us) / 1000;
  const figures: SearchFigures = {
    result_rows: rows.length,
    read_rows,
    read_bytes,
    elapsed_ms,
    cpu_ms,
  };
  // In no order where the search gives none.
  return {
    figures,
    rows: rows
      .map((row) => JSON.stringify(row))
      .sort()
      .join('\n'),
  };
}

function meanOf(samples: readonly SearchFigures[]): SearchFigures {
  const mean = (of: (figures: SearchFigures) => number): number =>
    samples.reduce((sum, figures) => sum + of(figures), 0) / samples.length;
  return {
    result_rows: mean((f) => f.result_rows),
    read_rows: mean((f) => f.read_rows),
    read_bytes: mean((f) => f.read_bytes),
    elapsed_ms: median(samples.map((f) => f.elapsed_ms)),
    cpu_ms: median(samples.map((f) => f.cpu_ms)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/**
 * Values that are in the data: of spans spread over it, the trace, the service with its slowest
 * thousandth, and an attribute: of the span where spans have any, else of the resource.
 */
async function chooseParams(
  engine: Engine,
): Promise<{ attributes: string; params: readonly Params[] }> {
  const table = TABLES.spanloom;
  const range = await engine.query<{ a: number; b: number; own: number }>(
    `SELECT toFloat64(toUnixTimestamp(min(Timestamp))) AS a, toFloat64(toUnixTimestamp(max(Timestamp))) AS b,
       toFloat64(max(mapContains(SpanAttributes, 'user.id'))) AS own FROM ${table}`,
  );
  const { a, b, own } = range.rows[0] ?? { a: 0, b: 0, own: 0 };
  const attributes = own > 0 ? 'SpanAttributes' : 'ResourceAttributes';
  const key = own > 0 ? 'user.id' : 'k8s.pod.name';
  const chosen = await engine.query<{ trace: string; service: string; value: string }>(
    `SELECT TraceId AS trace, ServiceName AS service, ${attributes}['${key}'] AS value
     FROM ${table} WHERE value != '' ORDER BY sipHash64(SpanId) LIMIT ${VALUES}`,
  );
  const slowest = await engine.query<{ service: string; least: string }>(
    `SELECT ServiceName AS service, toString(toUInt64(quantile(0.999)(Duration))) AS least FROM ${table} GROUP BY service`,
  );
  const least = new Map(slowest.rows.map((row) => [row.service, row.least]));
  // Longer recordings have holes, so the tenth of time is around what is looked for.
  const params = chosen.rows.map((row, i) => {
    const from_s = Math.floor(a + ((b - a) * i) / VALUES);
    const to_s = from_s + Math.ceil((b - a) / 10);
    const time = { from: `${from_s}000000000`, to: `${to_s}000000000` };
    return { ...row, ...time, key, least: least.get(row.service) ?? '0' };
  });
  return { attributes, params };
}
