import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alignColumns, createProgress } from '@spanloom/cli';
import { repositoryRoot, startTestEngines } from '@spanloom/infra';
import { SpanloomError, systemClock } from '@spanloom/runtime';
import { runCommand } from '../command';
import { machineLine } from '../report/table';
import { drain } from '../run/drain';
import { openLine } from '../run/line';
import { DEFAULT_SHAPE } from '../spans/shape';
import { busyUs, type CallNode, type CpuProfile, callTree, functionTimes } from './cpu-profile';
import { flameGraph } from './flame-graph';
import { PROFILE_HELP, type ProfileOptions, readProfileOptions } from './options';

const PARTITIONS = 8;

/** A profile, and the CPU that the system says the whole process took. */
interface Recorded {
  readonly text: string;
  readonly cpu_us: number;
}

/** Drains with node's profiler on the one service. The others run as always. */
async function record(options: ProfileOptions, say: (text: string) => void): Promise<Recorded> {
  const folder = mkdtempSync(join(tmpdir(), 'spanloom-profile-'));
  say('starting Kafka, the schema registry, Redis and ClickHouse');
  const engines = await startTestEngines();
  try {
    const line = await openLine(engines, { partitions: PARTITIONS });
    const { workers } = await drain(engines, line, {
      shape: { ...DEFAULT_SHAPE, spans: options.spans },
      copies: 1,
      worker: (service) =>
        service === options.service ? { nodeArgs: ['--cpu-prof', `--cpu-prof-dir=${folder}`] } : {},
      say,
    });
    await line.close();
    const [file] = readdirSync(folder);
    if (file === undefined) throw new SpanloomError('internal', 'the process left no profile');
    const { startUp, marginal } = workers[options.service];
    const cpu_us = startUp.cpu_us + marginal.cpu_us;
    return { text: readFileSync(join(folder, file), 'utf8'), cpu_us };
  } finally {
    await engines.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The profiler samples by the wall clock: its shares are right where others want the processor too, its times are not. */
function table(
  tree: CallNode,
  cpu_us: number,
  { spans, top, service }: ProfileOptions,
): readonly string[] {
  const busy_us = busyUs(tree);
  const perSpan = (us: number): string => (((us / busy_us) * cpu_us) / spans).toFixed(3);
  const rows = functionTimes(tree)
    .slice(0, top)
    .map(({ name, self_us, total_us }) => [
      name,
      `${((self_us / busy_us) * 100).toFixed(1)} %`,
      perSpan(self_us),
      perSpan(total_us),
    ]);
  return [
    `${service}: ${(cpu_us / spans).toFixed(2)} µs/span, start-up and profiler included; ${machineLine()}`,
    ...alignColumns([['function', 'self', 'self µs/span', 'total µs/span'], ...rows]),
  ];
}

/** `npm run profile`. */
async function main(): Promise<void> {
  const options = readProfileOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(PROFILE_HELP);
    return;
  }
  const progress = createProgress(process.stderr, systemClock);
  const { text, cpu_us } = await record(options, (line) => progress.show(() => [line]));
  progress.end();
  const { service, folder } = options;
  const tree = callTree(JSON.parse(text) as CpuProfile, repositoryRoot());
  mkdirSync(folder, { recursive: true });
  const profileFile = join(folder, `${service}.cpuprofile`);
  const pictureFile = join(folder, `${service}.svg`);
  writeFileSync(profileFile, text);
  const title = `${service}: ${options.spans} spans drained, start-up included`;
  writeFileSync(pictureFile, flameGraph(tree, title));
  process.stdout.write(
    `${table(tree, cpu_us, options).join('\n')}\n\n${profileFile}\n${pictureFile}\n`,
  );
}

runCommand(main);
