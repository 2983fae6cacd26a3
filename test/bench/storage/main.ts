import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createProgress, grouped } from '@spanloom/cli';
import { openDatabase } from '@spanloom/infra';
import { systemClock } from '@spanloom/runtime';
import { runCommand } from '../command';
import { machineLine } from '../report/table';
import { createEngine, type Engine } from './engine';
import { HELP, readStorageOptions } from './options';
import { type DataSetResult, storageLines } from './report';
import { type RowFiles, writeGenerated, writeRecorded } from './row-files';
import { runSearches } from './searches';
import { createTables, fillTable, type Owner } from './tables';

type Say = (text: string) => void;

interface DataSet {
  readonly name: string;
  write(dir: string, onRows: (written: number) => void): Promise<RowFiles> | RowFiles;
}

async function measure(
  engine: Engine,
  dir: string,
  set: DataSet,
  say: Say,
): Promise<DataSetResult> {
  say(`${set.name}: writing rows`);
  const rowsDir = join(dir, 'rows');
  mkdirSync(rowsDir);
  const files = await set.write(rowsDir, (written) =>
    say(`${set.name}: ${grouped(written)} rows written`),
  );
  await createTables(engine);
  const fill = (owner: Owner) =>
    fillTable(engine, owner, files, (done) =>
      say(`${set.name}: ${owner}'s table, ${done} of ${files.paths.length} inserts`),
    );
  const tables = { spanloom: await fill('spanloom'), exporter: await fill('exporter') };
  rmSync(rowsDir, { recursive: true });
  say(`${set.name}: searching`);
  const searches = await runSearches(engine);
  return { name: set.name, rows: files.rows, span_bytes: files.span_bytes, tables, searches };
}

/** `npm run bench:storage`. */
async function main(): Promise<void> {
  const options = readStorageOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const { rows, spans_per_s } = options;
  const generated: DataSet = {
    name: 'generated',
    write: (dir, onRows) => writeGenerated(dir, rows, spans_per_s, onRows),
  };
  const recorded = options.recordings.map(
    (path): DataSet => ({
      name: basename(path),
      write: (dir, onRows) => writeRecorded(dir, path, onRows),
    }),
  );
  const progress = createProgress(process.stderr, systemClock);
  const dir = mkdtempSync(join(tmpdir(), 'spanloom-storage-'));
  const database = openDatabase(join(dir, 'data'));
  try {
    const engine = createEngine(database);
    const results: DataSetResult[] = [];
    for (const set of rows > 0 ? [generated, ...recorded] : recorded) {
      results.push(await measure(engine, dir, set, (text) => progress.show(() => [text])));
    }
    progress.end();
    const lines = [machineLine(), ...results.flatMap(storageLines)];
    if (!options.json) process.stdout.write(`${lines.join('\n')}\n`);
    process.stdout.write(`${JSON.stringify({ sets: results })}\n`);
  } finally {
    database.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

runCommand(main);
