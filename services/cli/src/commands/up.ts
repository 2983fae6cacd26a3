import { type DetachedOptions, startDetached, supervise } from '@spanloom/infra';
import { createLogger, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { addPortFlags, type RunFlags, runEnvironment, runOptions, summary } from './run-options';

interface UpFlags extends RunFlags {
  readonly detach?: boolean;
}

const EXAMPLES = `
Examples
  spanloom up                                   engines and services, until Ctrl-C
  spanloom up --detach                          the same in the background; "spanloom down" stops it
  spanloom up --engines-only --kafka-port 19092
  spanloom up --copies assembler=3,sink=2
  KAFKA_BROKERS=k1:9092 spanloom up             with your own Kafka; also SCHEMA_REGISTRY_URL, REDIS_URL, CLICKHOUSE_URL
  SPANLOOM_ENGINES=containers spanloom up       engines as Docker containers
`;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function took(began_ms: number): string {
  return `${((systemClock.monotonicMs() - began_ms) / 1000).toFixed(1)} s`;
}

async function inBackground(options: DetachedOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const began_ms = systemClock.monotonicMs();
  say('starting in the background …');
  const state = await startDetached(options, { env, clock: systemClock });
  say(`Spanloom is up (${took(began_ms)}); "spanloom down" stops it.`);
  say(summary(state, options.root));
}

/** npm hands on the Ctrl-C that the terminal has sent to all already: within this time it is the same one. */
const SAME_SIGNAL_MS = 500;

/** Resolves at the first signal; a second one ends the process at once, as everywhere in Spanloom. */
function untilSignal(onSignal: () => void): Promise<void> {
  return new Promise((resolve) => {
    let first_ms: number | null = null;
    const listener = (): void => {
      const now_ms = systemClock.monotonicMs();
      if (first_ms !== null) {
        if (now_ms - first_ms > SAME_SIGNAL_MS) process.exit(130);
        return;
      }
      first_ms = now_ms;
      onSignal();
      resolve();
    };
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
  });
}

async function inForeground(options: DetachedOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const began_ms = systemClock.monotonicMs();
  const stopping = new AbortController();
  const signalled = untilSignal(() => {
    say('stopping; the data stays (Ctrl-C again leaves at once) …');
    stopping.abort(new Error('stopped while starting'));
  });
  const starting = supervise({
    ...options,
    env,
    signal: stopping.signal,
    onProgress: (what) => say(`${what} …`),
    logger: createLogger({ service: 'supervisor', level: 'warn' }),
  });
  try {
    const supervisor = await starting;
    say(`Spanloom is up (${took(began_ms)}); Ctrl-C stops it.`);
    say(summary(supervisor.state(), options.root));
    await signalled;
    await supervisor.stop();
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  }
  say('stopped.');
}

/** Adds `up`. Its action rejects with a SpanloomError when something cannot start. */
export function registerUp(program: Command): void {
  const command = program
    .command('up')
    .description('Start engines and services on this machine')
    .option('-d, --detach', 'run in the background')
    .option('--engines-only', 'start Kafka, registry, Redis and ClickHouse, no services')
    .option('--copies <list>', 'processes per service, like assembler=3,sink=2', '')
    .option('--home <folder>', 'where data and logs go; also SPANLOOM_HOME (default .spanloom)');
  addPortFlags(command)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: UpFlags) => {
      const env = runEnvironment(flags, process.env);
      const options = runOptions(flags, env);
      await (flags.detach ? inBackground(options, env) : inForeground(options, env));
    });
}
