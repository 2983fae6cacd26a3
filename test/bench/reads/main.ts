import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alignColumns, createProgress, grouped } from '@spanloom/cli';
import { openDatabase } from '@spanloom/infra';
import { systemClock } from '@spanloom/runtime';
import { runCommand } from '../command';
import { machineLine } from '../report/table';
import { createEngine } from '../storage/engine';
import { HELP, readReadsOptions } from './options';
import { askAll, type ReadResult, SOURCES } from './questions';
import { START_UNIX_S, writeReadsFiles } from './rows';
import { fillTables, type Stored } from './tables';

function lines(stored: Stored, results: readonly ReadResult[]): readonly string[] {
  const { span_rows, pane_rows, ten_minute_rows } = stored;
  const bytes = (n: number): string => (n / span_rows).toFixed(2);
  return [
    ...alignColumns([
      ['stored', 'rows', 'bytes per span'],
      ['spans', grouped(span_rows), bytes(stored.span_bytes)],
      ['panes of 10 s', grouped(pane_rows), bytes(stored.pane_bytes)],
      ['panes of 10 min', grouped(ten_minute_rows), bytes(stored.ten_minute_bytes)],
    ]),
    '',
    ...alignColumns([
      ['percentiles of', 'from', 'rows read', 'MB read', 'CPU ms', 'elapsed ms', 'rows ×', 'error'],
      ...results.flatMap(({ name, by, error }) =>
        SOURCES.map((source) => [
          name,
          source,
          grouped(by[source].read_rows),
          (by[source].read_bytes / 1e6).toFixed(2),
          by[source].cpu_ms.toFixed(1),
          by[source].elapsed_ms.toFixed(1),
          (by.spans.read_rows / by[source].read_rows).toFixed(0),
          source === 'spans' ? '' : `${(error * 100).toFixed(2)} %`,
        ]),
      ),
    ]),
  ];
}

/** `npm run bench:reads`. */
async function main(): Promise<void> {
  const options = readReadsOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const { spans, minutes, json } = options;
  const progress = createProgress(process.stderr, systemClock);
  const dir = mkdtempSync(join(tmpdir(), 'spanloom-reads-'));
  const database = openDatabase(join(dir, 'data'));
  try {
    const engine = createEngine(database);
    const rowsDir = join(dir, 'rows');
    mkdirSync(rowsDir);
    const files = writeReadsFiles(rowsDir, spans, minutes, (written) =>
      progress.show(() => [`${grouped(written)} spans written`]),
    );
    const stored = await fillTables(engine, files, (done, of) =>
      progress.show(() => [`${done} of ${of} inserts`]),
    );
    rmSync(rowsDir, { recursive: true });
    const { rows } = await engine.query<{ service: string; operation: string }>(
      'SELECT ServiceName AS service, SpanName AS operation FROM otel_traces GROUP BY 1, 2 ORDER BY count() DESC, 2 LIMIT 1',
    );
    const range = { from_s: String(START_UNIX_S), to_s: String(START_UNIX_S + minutes * 60) };
    const results = await askAll(engine, { ...rows[0], ...range });
    progress.end();
    if (!json) process.stdout.write(`${[machineLine(), ...lines(stored, results)].join('\n')}\n`);
    const { pane_rows: pane_deltas } = files;
    process.stdout.write(`${JSON.stringify({ spans, minutes, pane_deltas, stored, results })}\n`);
  } finally {
    database.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

runCommand(main);
