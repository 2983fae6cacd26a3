import { createClickHouse } from '@spanloom/clickhouse';
import { createKafka } from '@spanloom/kafka';
import {
  createLogger,
  defineSettings,
  kafkaSettings,
  loadConfig,
  systemClock,
} from '@spanloom/runtime';
import type { Command } from 'commander';
import { clickhouseConfig, gatewayUrl } from '../connection';
import { whereToLook } from '../demo/display';
import { type DemoDeps, type DemoResult, runEndless, runOnce } from '../demo/run';
import { type Stack, startStack } from '../demo/stack';
import { interruptSignal, wholeNumber } from '../interrupt';
import { createProtoSender } from '../send/sender';
import { createProgress, grouped, type Progress, shortMs } from '../terminal/progress';
import { addPortFlags, type RunFlags, runEnvironment, runOptions } from './run-options';

interface DemoFlags extends RunFlags {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly traces: string;
  readonly rate?: string;
  readonly seed?: string;
}

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;
const RATE_LIVE = '50';
const RATE_ONCE = '300';

const HELP = `
With --once it sends --traces traces, waits until they are stored, reads every span back and compares all of
its fields with what was sent; the exit code is 0 only if nothing was lost, doubled or changed. p50_ms and
p99_ms are end to end: from sending the last span of a trace to the trace being queryable, the window's
waiting for stragglers included. When nothing moves for 60 s it reports what there is, and exits with 1.

It uses the engines and data of this folder (.spanloom); when "spanloom up" runs there, it joins it.

Examples
  spanloom demo                                  until Ctrl-C
  spanloom demo --rate 200 --copies assembler=2
  spanloom demo --once --traces 2000 --json      one line of JSON at the end
  spanloom demo --kafka-port 19092 --query-port 18080   where the usual ports are taken`;

/** Adds `spanloom demo`. */
export function registerDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('Start everything, send generated load, and show what becomes of it')
    .option('--once', 'send so many traces, check that all are stored as sent, and stop')
    .option('--traces <n>', 'traces to send with --once', '1000')
    .option('--json', 'with --once: print the result as one line of JSON')
    .option('--rate <n>', `traces per second (default: ${RATE_LIVE}, with --once ${RATE_ONCE})`)
    .option('--seed <n>', 'the same seed makes the same traces (default: another each time)')
    .option('--copies <list>', 'processes per service, like assembler=3,sink=2', '')
    .option('--home <folder>', 'where data and logs go; also SPANLOOM_HOME (default .spanloom)');
  addPortFlags(command)
    .addHelpText('after', HELP)
    .action(async (flags: DemoFlags) => {
      process.exitCode = await runDemo(flags);
    });
}

async function runDemo(flags: DemoFlags): Promise<number> {
  const clock = systemClock;
  const signal = interruptSignal();
  const progress = createProgress(flags.json ? process.stderr : process.stdout, clock);
  const env = runEnvironment(flags, process.env);
  const options = runOptions(flags, env);
  const seed = flags.seed ?? String(clock.nowMs());
  const load = {
    seed: wholeNumber('--seed', seed, 0, Number.MAX_SAFE_INTEGER),
    tracesPerSecond: wholeNumber(
      '--rate',
      flags.rate ?? (flags.once ? RATE_ONCE : RATE_LIVE),
      1,
      100_000,
    ),
  };
  const traces = wholeNumber('--traces', flags.traces, 1, 100_000_000);
  let stack: Stack | null = null;
  try {
    stack = await startStack(options, { env, signal, say: progress.say });
    const state = stack.state();
    return await withDeps(stack, env, { progress, signal }, async (deps) => {
      if (flags.once) return report(await runOnce({ ...load, traces }, deps), flags.json === true);
      for (const line of whereToLook(state, options.root)) progress.say(line);
      await runEndless(load, deps);
      return EXIT_DONE;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    // Ctrl-C is how the endless demo ends; a bounded run that was cut short has shown nothing.
    return flags.once ? EXIT_INTERRUPTED : EXIT_DONE;
  } finally {
    if (stack?.own) {
      progress.say('stopping; the data stays (Ctrl-C again leaves at once) …');
      await stack.stop();
      progress.say('stopped.');
    }
  }
}

/** Opens what the demo reads from and sends to, and closes it afterwards. */
async function withDeps(
  stack: Stack,
  env: NodeJS.ProcessEnv,
  at: { readonly progress: Progress; readonly signal: AbortSignal },
  work: (deps: DemoDeps) => Promise<number>,
): Promise<number> {
  const clock = systemClock;
  const state = stack.state();
  const settings = defineSettings('demo', kafkaSettings);
  const config = loadConfig(settings, {
    env: { ...env, ...state.env },
    file: env.SPANLOOM_CONFIG,
  });
  const logger = createLogger({ service: 'demo', level: 'silent' });
  const kafka = createKafka(config, { logger, clientId: 'spanloom-demo' });
  const clickhouse = createClickHouse(clickhouseConfig(state, env), { logger });
  try {
    const url = gatewayUrl(undefined, state, env);
    return await work({
      clickhouse,
      admin: await kafka.admin(),
      topicPrefix: config.topic_prefix,
      partitions: config.partitions,
      state: stack.state,
      sender: createProtoSender({ url, clock, signal: at.signal }),
      clock,
      ...at,
    });
  } finally {
    await Promise.all([kafka.close(), clickhouse.close()]);
  }
}

function report(result: DemoResult, json: boolean): number {
  const { lost, duplicated, corrupted, seconds } = result;
  const well = lost === 0 && duplicated === 0 && corrupted === 0;
  if (json) {
    const line = {
      traces_sent: result.tracesSent,
      spans_sent: result.spansSent,
      traces_stored: result.tracesStored,
      spans_stored: result.spansStored,
      lost,
      duplicated,
      corrupted,
      seconds,
      p50_ms: result.p50Ms,
      p99_ms: result.p99Ms,
    };
    lastWords(`${JSON.stringify(line)}\n`);
  } else {
    const { p50Ms, p99Ms } = result;
    lastWords(
      `sent ${grouped(result.spansSent)} spans of ${grouped(result.tracesSent)} traces\n` +
        `stored ${grouped(result.spansStored)} spans of ${grouped(result.tracesStored)} traces: ` +
        `${lost} lost, ${duplicated} doubled, ${corrupted} changed\n` +
        `queryable after p50 ${shortMs(p50Ms)}, p99 ${shortMs(p99Ms)}; in ${seconds.toFixed(1)} s\n`,
    );
  }
  return well ? EXIT_DONE : EXIT_FAILED;
}

/** Prints a result when everything has stopped, so that it is the last thing on standard output. */
function lastWords(text: string): void {
  process.once('exit', () => {
    process.stdout.write(text);
  });
}
