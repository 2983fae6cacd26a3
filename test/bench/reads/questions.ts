import { SpanloomError } from '@spanloom/runtime';
import { cpuUs, type Engine } from '../storage/engine';

/** Where an answer can come from. */
export const SOURCES = ['spans', 'panes', 'ten_minutes'] as const;
export type Source = (typeof SOURCES)[number];

/** What one answer took; times are medians of {@link ROUNDS}. */
export interface ReadFigures {
  readonly read_rows: number;
  readonly read_bytes: number;
  readonly elapsed_ms: number;
  readonly cpu_ms: number;
}

/** A question, and what its answer took from each source. */
export interface ReadResult {
  readonly name: string;
  readonly spans: number;
  readonly by: Readonly<Record<Source, ReadFigures>>;
  /** Largest relative difference of a percentile from panes to the exact one of spans. */
  readonly error: number;
}

const ROUNDS = 5;
const ERROR_MAX = 0.01;
const QUANTILES = '0.5, 0.75, 0.9, 0.95, 0.99, 0.999';

type Params = Readonly<Record<string, string>>;
interface Row {
  readonly count: number;
  readonly q: readonly number[];
}

/** All of the time, which panes must not reach beyond: they count by the end of a span. */
const CONDITIONS: Readonly<Record<string, string>> = {
  'one service': 'ServiceName = {service:String}',
  'one operation of it': 'ServiceName = {service:String} AND SpanName = {operation:String}',
  everything: '1',
};

function statement(source: Source, condition: string): string {
  const merged = `toFloat64(sum(Count)) AS count, latencyQuantiles([${QUANTILES}], sumMap(Buckets), min(MinNano), max(MaxNano)) AS q`;
  const time = (column: string): string =>
    `${column} >= toDateTime({from_s:UInt32}) AND ${column} < toDateTime({to_s:UInt32})`;
  if (source === 'spans') {
    return `SELECT toFloat64(count()) AS count, quantilesExactLow(${QUANTILES})(Duration) AS q FROM otel_traces
      WHERE ${condition} AND ${time('Timestamp')}`;
  }
  const table = source === 'panes' ? 'latency_panes' : 'latency_ten_minutes';
  return `SELECT ${merged} FROM ${table} WHERE ${condition} AND ${time('PaneStart')}`;
}

/** Asks each question of each source. SpanloomError when answers differ by more than 1 %, or do not count the same. */
export async function askAll(engine: Engine, params: Params): Promise<readonly ReadResult[]> {
  const results: ReadResult[] = [];
  for (const [name, condition] of Object.entries(CONDITIONS)) {
    const by = {} as Record<Source, ReadFigures>;
    const answers = {} as Record<Source, Row>;
    for (const source of SOURCES) {
      const asked = await ask(engine, statement(source, condition), params);
      by[source] = asked.figures;
      answers[source] = asked.row;
    }
    results.push({ name, spans: answers.spans.count, by, error: compare(name, answers) });
  }
  return results;
}

async function ask(
  engine: Engine,
  sql: string,
  params: Params,
): Promise<{ readonly figures: ReadFigures; readonly row: Row }> {
  const samples: ReadFigures[] = [];
  let row: Row = { count: 0, q: [] };
  for (let i = 0; i < ROUNDS; i++) {
    const before_us = cpuUs();
    const { rows, read_rows, read_bytes, elapsed_ms } = await engine.query<Row>(sql, params);
    samples.push({ read_rows, read_bytes, elapsed_ms, cpu_ms: (cpuUs() - before_us) / 1000 });
    row = rows[0] ?? row;
  }
  const median = (of: (figures: ReadFigures) => number): number =>
    samples.map(of).sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
  const figures = {
    read_rows: median((f) => f.read_rows),
    read_bytes: median((f) => f.read_bytes),
    elapsed_ms: median((f) => f.elapsed_ms),
    cpu_ms: median((f) => f.cpu_ms),
  };
  return { figures, row };
}

function compare(name: string, answers: Readonly<Record<Source, Row>>): number {
  const { spans, panes, ten_minutes } = answers;
  if (spans.count === 0 || panes.count !== spans.count || ten_minutes.count !== spans.count) {
    const counts = `${spans.count}, ${panes.count}, ${ten_minutes.count}`;
    throw new SpanloomError('internal', `${name}: spans, panes, ten minutes count ${counts}`);
  }
  const error = Math.max(
    ...spans.q.flatMap((exact, i) =>
      [panes, ten_minutes].map(({ q }) => Math.abs((q[i] as number) - exact) / exact),
    ),
  );
  if (error <= ERROR_MAX) return error;
  throw new SpanloomError('internal', `${name}: a percentile differs by ${error}`);
}
