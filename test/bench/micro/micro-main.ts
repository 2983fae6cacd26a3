import { parseArgs } from 'node:util';
import { alignColumns, createProgress } from '@spanloom/cli';
import { SpanloomError, systemClock } from '@spanloom/runtime';
import { runCommand } from '../command';
import { hundredths } from '../report/figures';
import { machineLine } from '../report/table';
import { microData } from './data';
import { measureSteps, YARDSTICK } from './steps';

const HELP = `Measures CPU per span of the parts that have no I/O, all on the same spans.

  npm run bench:micro
  npm run bench:micro -- --spans 20000 --rounds 5 --json

  --spans N    a multiple of 100 (default 50000)
  --rounds N   runs of each step (default 9); the median and the least are shown
  --json       nothing on stdout but the JSON
`;

const OPTIONS = {
  spans: { type: 'string', default: '50000' },
  rounds: { type: 'string', default: '9' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new SpanloomError('usage', `${(error as Error).message}; see --help`, { cause: error });
  }
}

/** `npm run bench:micro`. */
async function main(): Promise<void> {
  const values = parse(process.argv.slice(2));
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [spans, rounds] = [Number(values.spans), Number(values.rounds)];
  if (!Number.isInteger(spans) || spans < 100 || spans % 100 > 0) {
    throw new SpanloomError('usage', `--spans: "${values.spans}" is not a multiple of 100`);
  }
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new SpanloomError('usage', `--rounds: "${values.rounds}" is not a number of runs`);
  }
  const progress = createProgress(process.stderr, systemClock);
  progress.show(() => [`making ${spans} spans`]);
  const results = await measureSteps(microData(spans), rounds, (name) =>
    progress.show(() => [name]),
  );
  progress.end();
  const yardstick_us = results.find(({ name }) => name === YARDSTICK)?.median_us ?? Number.NaN;
  const rows = results.map(({ name, median_us, least_us }) => [
    name,
    median_us.toFixed(3),
    least_us.toFixed(3),
    `${(median_us / yardstick_us).toFixed(1)}×`,
  ]);
  const table = [['', 'median µs/span', 'least', 'of a skip-scan'], ...rows];
  if (!values.json) {
    process.stdout.write(`${[machineLine(), ...alignColumns(table)].join('\n')}\n`);
  }
  const steps = results.map(({ name, median_us, least_us }) => ({
    name,
    median_us: hundredths(median_us),
    least_us: hundredths(least_us),
    ratio: hundredths(median_us / yardstick_us),
  }));
  process.stdout.write(`${JSON.stringify({ spans, rounds, steps })}\n`);
}

runCommand(main);
