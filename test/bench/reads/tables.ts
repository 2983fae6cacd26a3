import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitStatements } from '@spanloom/clickhouse';
import { repositoryRoot } from '@spanloom/infra';
import { PANE_COLUMNS, SPAN_COLUMNS } from '@spanloom/rowbinary';
import type { Engine } from '../storage/engine';
import type { ReadsFiles } from './rows';

const MIGRATIONS = [
  '0001_spans.sql',
  '0003_latency_panes.sql',
  '0004_latency_views.sql',
  '0015_latency_ten_minutes.sql',
];
/** Times in the rows are made up: nothing may expire. */
const RETENTION_DAYS = '10000';

/** What is stored after all has been merged. */
export interface Stored {
  readonly span_rows: number;
  readonly span_bytes: number;
  readonly pane_rows: number;
  readonly pane_bytes: number;
  readonly ten_minute_rows: number;
  readonly ten_minute_bytes: number;
}

/** Makes the tables, loads the rows as the sink inserts them, and merges to the end. */
export async function fillTables(
  engine: Engine,
  files: ReadsFiles,
  onFile: (done: number, of: number) => void,
): Promise<Stored> {
  for (const name of MIGRATIONS) {
    const text = readFileSync(join(repositoryRoot(), 'schemas', 'clickhouse', name), 'utf8');
    const sql = text.replaceAll('{{retention_days}}', RETENTION_DAYS);
    for (const statement of splitStatements(sql)) await engine.command(statement);
  }
  const of = files.span_paths.length + files.pane_paths.length + files.ten_minute_paths.length;
  let done = 0;
  const insert = async (
    table: string,
    columns: readonly string[],
    paths: readonly string[],
    format: 'RowBinary' | 'Native',
  ) => {
    const structure = await structureOf(engine, table, columns);
    const names = columns.map((name) => `\`${name}\``).join(', ');
    for (const path of paths) {
      await engine.command(
        `INSERT INTO ${table} (${names}) SELECT ${names} FROM file('${path}', '${format}', '${structure}')
         SETTINGS optimize_on_insert = 0, materialize_skip_indexes_on_insert = 0`,
      );
      onFile(++done, of);
    }
    await engine.command(`OPTIMIZE TABLE ${table} FINAL`);
  };
  await insert('otel_traces', SPAN_COLUMNS, files.span_paths, 'Native');
  await insert('latency_panes', PANE_COLUMNS, files.pane_paths, 'RowBinary');
  await insert('latency_ten_minutes', PANE_COLUMNS, files.ten_minute_paths, 'RowBinary');
  return sizes(engine);
}

async function structureOf(
  engine: Engine,
  table: string,
  columns: readonly string[],
): Promise<string> {
  const { rows } = await engine.query<{ name: string; type: string }>(
    `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${table}'`,
  );
  // A SimpleAggregateFunction lies in RowBinary as what it aggregates.
  const types = new Map(rows.map(({ name, type }) => [name, plainType(type)]));
  return columns.map((name) => `\`${name}\` ${types.get(name)}`).join(', ');
}

function plainType(type: string): string {
  return /^SimpleAggregateFunction\(\w+, (.*)\)$/.exec(type)?.[1] ?? type;
}

async function sizes(engine: Engine): Promise<Stored> {
  const of = async (table: string) => {
    const { rows } = await engine.query<{ n: number; bytes: number }>(
      `SELECT toFloat64(sum(rows)) AS n, toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts
       WHERE database = currentDatabase() AND active AND table = '${table}'`,
    );
    return rows[0] ?? { n: 0, bytes: 0 };
  };
  const spans = await of('otel_traces');
  const panes = await of('latency_panes');
  const ten = await of('latency_ten_minutes');
  return {
    span_rows: spans.n,
    span_bytes: spans.bytes,
    pane_rows: panes.n,
    pane_bytes: panes.bytes,
    ten_minute_rows: ten.n,
    ten_minute_bytes: ten.bytes,
  };
}
