import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitStatements } from '@spanloom/clickhouse';
import { repositoryRoot } from '@spanloom/infra';
import { SPAN_COLUMNS } from '@spanloom/rowbinary';
import { SpanloomError } from '@spanloom/runtime';
import { cpuUs, type Engine } from './engine';
import { exporterTable } from './exporter-table';
import type { RowFiles } from './row-files';

/** The two tables, by whose they are. */
export const TABLES = { spanloom: 'otel_traces', exporter: 'exporter_traces' } as const;
/** Whose table. */
export type Owner = keyof typeof TABLES;
export const OWNERS: readonly Owner[] = ['spanloom', 'exporter'];

/** Columns that only Spanloom's table has. */
const OWN_COLUMNS: readonly string[] = ['Flags', 'Partition', 'Seq', 'StoredAt'];
/** Times in the rows are made up: nothing may expire. */
const RETENTION_DAYS = '10000';
/** As the sink inserts: sorting out doubles and skip indexes are left to merges. For both tables. */
const INSERT_SETTINGS = 'optimize_on_insert = 0, materialize_skip_indexes_on_insert = 0';

/** What a table takes on disk, and what filling it cost. */
export interface TableFigures {
  readonly rows: number;
  /** Bytes per span, of all there is: columns, marks, keys and skip indexes. */
  readonly bytes_per_span: number;
  readonly index_bytes_per_span: number;
  /** Bytes per span of each column, marks included, the largest first. */
  readonly columns: Readonly<Record<string, number>>;
  /** CPU per row of reading rows, inserting them and what was merged meanwhile, µs. */
  readonly insert_us: number;
  /** CPU per row of merging all into one part, µs. */
  readonly merge_us: number;
}

/** Makes both tables anew: Spanloom's from its migration. */
export async function createTables(engine: Engine): Promise<void> {
  for (const table of Object.values(TABLES)) {
    await engine.command(`DROP TABLE IF EXISTS ${table} SYNC`);
  }
  const migration = join(repositoryRoot(), 'schemas', 'clickhouse', '0001_spans.sql');
  const sql = readFileSync(migration, 'utf8').replace('{{retention_days}}', RETENTION_DAYS);
  for (const statement of splitStatements(sql)) await engine.command(statement);
  await engine.command(exporterTable(TABLES.exporter));
}

/** Loads the rows into one table, merges it to the end, and measures. SpanloomError when rows are missing. */
export async function fillTable(
  engine: Engine,
  owner: Owner,
  files: RowFiles,
  onFile: (done: number) => void,
): Promise<TableFigures> {
  const table = TABLES[owner];
  const structure = await rowStructure(engine);
  const columns = SPAN_COLUMNS.filter((c) => owner === 'spanloom' || !OWN_COLUMNS.includes(c))
    .map((name) => `\`${name}\``)
    .join(', ');
  const before_us = cpuUs();
  for (const [i, path] of files.paths.entries()) {
    await engine.command(
      `INSERT INTO ${table} (${columns}) SELECT ${columns}
       FROM file('${path}', 'Native', '${structure}') SETTINGS ${INSERT_SETTINGS}`,
    );
    onFile(i + 1);
  }
  const inserted_us = cpuUs();
  await engine.command(`OPTIMIZE TABLE ${table} FINAL`);
  const merged_us = cpuUs();
  const sizes = await sizesOf(engine, table);
  if (sizes.rows !== files.rows) {
    throw new SpanloomError('internal', `${table} has ${sizes.rows} of ${files.rows} rows`);
  }
  return {
    ...sizes,
    insert_us: (inserted_us - before_us) / files.rows,
    merge_us: (merged_us - inserted_us) / files.rows,
  };
}

/** Names and types of the columns as they lie in the row files. */
async function rowStructure(engine: Engine): Promise<string> {
  const { rows } = await engine.query<{ name: string; type: string }>(
    `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${TABLES.spanloom}'`,
  );
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  return SPAN_COLUMNS.map((name) => `\`${name}\` ${types.get(name)}`).join(', ');
}

async function sizesOf(engine: Engine, table: string) {
  const where = `WHERE database = currentDatabase() AND table = '${table}' AND active`;
  const whole = await engine.query<{ rows: number; bytes: number; index_bytes: number }>(
    `SELECT toFloat64(sum(rows)) AS rows, toFloat64(sum(bytes_on_disk)) AS bytes,
       toFloat64(sum(secondary_indices_compressed_bytes)) AS index_bytes FROM system.parts ${where}`,
  );
  const { rows, bytes, index_bytes } = whole.rows[0] ?? { rows: 0, bytes: 0, index_bytes: 0 };
  const each = await engine.query<{ column: string; bytes: number }>(
    `SELECT column, toFloat64(sum(column_bytes_on_disk)) AS bytes FROM system.parts_columns ${where}
     GROUP BY column ORDER BY bytes DESC`,
  );
  return {
    rows,
    bytes_per_span: bytes / rows,
    index_bytes_per_span: index_bytes / rows,
    columns: Object.fromEntries(each.rows.map((c) => [c.column, c.bytes / rows])),
  };
}
