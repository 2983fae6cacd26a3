import { createProgress } from '@spanloom/cli';
import { startTestEngines } from '@spanloom/infra';
import { systemClock } from '@spanloom/runtime';
import { runCommand } from './command';
import { HELP, readOptions } from './options';
import { figuresOf } from './report/figures';
import { tableOf } from './report/table';
import { wholeRun } from './run/whole-run';

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
    const run = await wholeRun(engines, options, say);
    progress.end();
    const table = tableOf(run).join('\n');
    if (!options.json) process.stdout.write(`${table}\n`);
    process.stdout.write(`${JSON.stringify(figuresOf(run))}\n`);
    const { lost, doubled, panes_off } = run.drain.exact;
    if (lost + doubled + panes_off > 0) process.exitCode = 1;
  } finally {
    await engines.stop();
  }
}

runCommand(main);
