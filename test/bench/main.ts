import { createProgress } from '@spanloom/cli';
import { startTestEngines, type TestEngines } from '@spanloom/infra';
import { systemClock } from '@spanloom/runtime';
import { runCommand } from './command';
import type { Exactness } from './measure/stored';
import { type BenchOptions, HELP, readOptions } from './options';
import { figuresOf } from './report/figures';
import { sweepTable, tableOf } from './report/table';
import { sweep, sweepFigures } from './run/sweep';
import { wholeRun } from './run/whole-run';

/** What a command prints: a table for eyes, and the last line. */
interface Report {
  readonly table: readonly string[];
  readonly figures: object;
  readonly exact: readonly Exactness[];
}

async function measure(
  engines: TestEngines,
  options: BenchOptions,
  say: (text: string) => void,
): Promise<Report> {
  const { shape, sweep: name } = options;
  if (name !== null) {
    const points = await sweep(engines, name, options, say);
    return {
      table: sweepTable(name, points),
      figures: { spans: shape.spans, sweep: name, points: points.map(sweepFigures) },
      exact: points.map((point) => point.drain.exact),
    };
  }
  const run = await wholeRun(engines, options, say);
  return { table: tableOf(run), figures: figuresOf(run), exact: [run.drain.exact] };
}

/** `npm run bench`. Exits with 0 only when every span was stored exactly once. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const progress = createProgress(process.stderr, systemClock);
  const say = (text: string): void => progress.show(() => [text]);
  say('starting Kafka, the schema registry, Redis and ClickHouse');
  const engines = await startTestEngines();
  try {
    const { table, figures, exact } = await measure(engines, options, say);
    progress.end();
    if (!options.json) process.stdout.write(`${table.join('\n')}\n`);
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    const wrong = exact.reduce((n, e) => n + e.lost + e.doubled + e.panes_off, 0);
    if (wrong > 0) process.exitCode = 1;
  } finally {
    await engines.stop();
  }
}

runCommand(main);
