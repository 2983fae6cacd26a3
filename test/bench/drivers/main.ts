import { alignColumns, createProgress, grouped } from '@spanloom/cli';
import { startTestEngines } from '@spanloom/infra';
import { systemClock } from '@spanloom/runtime';
import { runCommand } from '../command';
import { hundredths } from '../report/figures';
import { machineLine } from '../report/table';
import { compareDrivers, type DriverCost } from './compare';
import { HELP, readDriverOptions } from './options';

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** One driver at one task, next to Spanloom's port at the same. */
function figureOf(cost: DriverCost, costs: readonly DriverCost[]) {
  const { driver, packing, mode, rounds_us } = cost;
  const ours = costs.find(
    (other) => other.driver === 'spanloom' && other.packing === packing && other.mode === mode,
  );
  const us = median(rounds_us);
  const ratio = us / median(ours?.rounds_us ?? []);
  return {
    packing,
    mode,
    driver,
    us: hundredths(us),
    least_us: hundredths(Math.min(...rounds_us)),
    most_us: hundredths(Math.max(...rounds_us)),
    ratio: hundredths(ratio),
  };
}

/** `npm run bench:drivers`. */
async function main(): Promise<void> {
  const options = readDriverOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const progress = createProgress(process.stderr, systemClock);
  const say = (text: string): void => progress.show(() => [text]);
  say('starting Kafka');
  const engines = await startTestEngines({ engines: ['kafka'] });
  try {
    const brokers = (engines.env.KAFKA_BROKERS as string).split(',');
    const costs = await compareDrivers({ ...options, brokers, say });
    progress.end();
    const figures = costs.map((cost) => figureOf(cost, costs));
    const rows = figures.map(({ packing, mode, driver, us, least_us, most_us, ratio }) => [
      `${packing}, ${mode}: ${driver}`,
      us.toFixed(2),
      `${least_us.toFixed(2)}–${most_us.toFixed(2)}`,
      `${ratio.toFixed(2)}×`,
    ]);
    const { spans, rounds, compression } = options;
    if (!options.json) {
      const head = ['', 'CPU µs/span', 'least–most', 'of Spanloom’s port'];
      const title = `${grouped(spans)} spans a run, ${rounds} rounds, compression ${compression}`;
      process.stdout.write(
        `${[machineLine(), title, ...alignColumns([head, ...rows])].join('\n')}\n`,
      );
    }
    process.stdout.write(
      `${JSON.stringify({ spans, rounds, compression, node: process.version, figures })}\n`,
    );
  } finally {
    await engines.stop();
  }
}

runCommand(main);
