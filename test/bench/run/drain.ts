import type { ServiceName, TestEngines } from '@spanloom/infra';
import { SpanloomError, systemClock } from '@spanloom/runtime';
import type { LoadReport } from '../load/request';
import { runLoad } from '../load/run-load';
import {
  type EngineReading,
  engineCost,
  type IdleShare,
  MEASURED_ENGINES,
  type MeasuredEngine,
  measureIdle,
  readEngines,
} from '../measure/engines';
import { checkExact, diskBytes, type Exactness, mergesDone, untilStored } from '../measure/stored';
import { type MachineTime, machineTime, type Usage, usedBetween } from '../measure/usage';
import type { SpanShape } from '../spans/shape';
import type { Line } from './line';
import { metricOf, startWorker, type Worker, type WorkerOptions } from './worker';

/** The services that a drain measures. */
export const WORKERS = ['assembler', 'latency', 'sink'] as const;
export type WorkerName = (typeof WORKERS)[number];

/** What to drain, and with what. */
export interface DrainOptions {
  readonly shape: SpanShape;
  /** Processes of each service. */
  readonly copies: number;
  /** Options of one service's processes, such as a profiler. */
  readonly worker?: (service: ServiceName) => WorkerOptions;
  readonly say: (line: string) => void;
}

/** What the copies of a service took together; peak memory is that of the largest copy. */
export interface WorkerCost {
  /** From ready to all stored. */
  readonly marginal: Usage;
  /** From the start of the process to ready. */
  readonly startUp: Usage;
}

/** A drain that was measured. */
export interface DrainResult {
  readonly fill: LoadReport & { readonly kafka_us: number };
  readonly workers: Readonly<Record<WorkerName, WorkerCost>>;
  readonly engines: Readonly<Record<MeasuredEngine, Usage>>;
  readonly idle: IdleShare;
  /** From the first process started to all stored. */
  readonly elapsed_ms: number;
  /** Most open windows seen, over all partitions; looked at once a second. */
  readonly open_windows_max: number;
  readonly exact: Exactness;
  readonly disk: Readonly<Record<string, number>>;
  /** CPU of the machine that went to none of the measured processes, as a share of all of it. */
  readonly foreign_share: number;
}

const SETTLE_MS = 1_000;
const IDLE_MS = 3_000;
const MERGES_MS_MAX = 30_000;
const STALL_MS = 60_000;

/** Adds up what several processes used; the peak is the largest. */
export function together(usages: readonly Usage[]): Usage {
  const sum = (of: (usage: Usage) => number): number => usages.reduce((n, u) => n + of(u), 0);
  return {
    cpu_us: sum((u) => u.cpu_us),
    rss_peak_mb: Math.max(...usages.map((u) => u.rss_peak_mb)),
    read_bytes: sum((u) => u.read_bytes),
    written_bytes: sum((u) => u.written_bytes),
  };
}

/** Fills the topic, then drains it through workers that start together, and says what each took. */
export async function drain(
  engines: TestEngines,
  line: Line,
  options: DrainOptions,
): Promise<DrainResult> {
  const { shape, say } = options;
  say(`filling the log with ${shape.spans} spans`);
  const beforeFill = readEngines(engines);
  const fill = await runLoad(line.env, { shape, mode: 'fill' });
  const afterFill = readEngines(engines);
  await systemClock.sleep(SETTLE_MS);
  const idle = await measureIdle(engines, IDLE_MS);
  const filled = engineCost('kafka', beforeFill, afterFill, idle);
  say(`filled in ${(fill.elapsed_ms / 1000).toFixed(1)} s; draining`);

  const before = readEngines(engines);
  const machineBefore = machineTime();
  const workers = await startAll(engines, line, options);
  const windows = watchWindows(workers);
  try {
    const done = await measureUntilStored(line, shape.spans, workers, say);
    const elapsed_ms = systemClock.monotonicMs() - before.at_ms;
    const machineAfter = machineTime();
    const afterDrain = readEngines(engines);
    await mergesDone(line.clickhouse, MERGES_MS_MAX);
    const afterMerges = readEngines(engines);
    const cost = (name: MeasuredEngine): Usage =>
      engineCost(name, before, name === 'clickhouse' ? afterMerges : afterDrain, idle);
    const costs = { kafka: cost('kafka'), redis: cost('redis'), clickhouse: cost('clickhouse') };
    const exact = await checkExact(line.clickhouse, shape.spans);
    await stopAll(workers);
    say('measuring the tables on disk');
    return {
      fill: { ...fill, kafka_us: filled.cpu_us },
      workers: done,
      engines: costs,
      idle,
      elapsed_ms,
      open_windows_max: windows.stop(),
      exact,
      disk: await diskBytes(line.clickhouse),
      foreign_share: foreignShare(machineBefore, machineAfter, before, afterDrain, done),
    };
  } finally {
    windows.stop();
    await stopAll(workers);
  }
}

const LOOK_MS = 1_000;

/** Asks the assemblers once a second how many windows are open. */
function watchWindows(workers: readonly Worker[]): { stop(): number } {
  const assemblers = workers.filter(({ service }) => service === 'assembler');
  let most = 0;
  const look = async (): Promise<void> => {
    const open = assemblers.map((worker) => metricOf(worker, 'spanloom_assembler_open_windows'));
    const sum = (await Promise.all(open)).reduce((n, one) => n + one, 0);
    most = Math.max(most, sum);
  };
  // A worker that ends is noticed where its usage is read.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}

async function startAll(
  engines: TestEngines,
  line: Line,
  options: DrainOptions,
): Promise<readonly Worker[]> {
  const names = WORKERS.flatMap((name) => Array.from({ length: options.copies }, () => name));
  const started = await Promise.allSettled(
    names.map((name) => startWorker(engines, line, name, options.worker?.(name))),
  );
  const workers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await stopAll(workers);
    throw failed.reason;
  }
  return workers;
}

async function stopAll(workers: readonly Worker[]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.stop()));
}

/** Reads a service's processes when its own part is done: waiting for the others is not its cost. */
async function measureUntilStored(
  line: Line,
  spans: number,
  workers: readonly Worker[],
  say: (text: string) => void,
): Promise<Readonly<Record<WorkerName, WorkerCost>>> {
  const done = new Map<WorkerName, WorkerCost>();
  const read = (service: WorkerName): void => {
    if (done.has(service)) return;
    const mine = workers.filter((worker) => worker.service === service);
    done.set(service, {
      marginal: together(mine.map((worker) => usedBetween(worker.atReady, worker.usage()))),
      startUp: together(mine.map((worker) => worker.atReady)),
    });
  };
  try {
    await untilStored(line.clickhouse, spans, {
      stall_ms: STALL_MS,
      onProgress: (counts) => {
        say(`${counts.spans} of ${spans} spans stored, ${counts.counted} counted in panes`);
        if (counts.spans >= spans) read('assembler');
        if (counts.counted >= spans) read('latency');
        if (counts.spans >= spans && counts.counted >= spans) read('sink');
      },
    });
  } catch (error) {
    const logs = workers.map((w) => `${w.service}:\n${w.child.tail(5)}`).join('\n');
    throw new SpanloomError('timeout', `${(error as Error).message}\n${logs}`, { cause: error });
  }
  return Object.fromEntries(done) as Record<WorkerName, WorkerCost>;
}

function foreignShare(
  machineBefore: MachineTime,
  machineAfter: MachineTime,
  before: EngineReading,
  after: EngineReading,
  workers: Readonly<Record<WorkerName, WorkerCost>>,
): number {
  const total_us = machineAfter.total_us - machineBefore.total_us;
  const busy_us = machineAfter.busy_us - machineBefore.busy_us;
  let ours_us = 0;
  for (const name of WORKERS) {
    ours_us += workers[name].marginal.cpu_us + workers[name].startUp.cpu_us;
  }
  for (const name of MEASURED_ENGINES) {
    ours_us += after.usage[name].cpu_us - before.usage[name].cpu_us;
  }
  return Math.max(0, (busy_us - ours_us) / total_us);
}
