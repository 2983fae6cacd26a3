import { readState } from '@spanloom/infra';
import { encodeOtlpJson } from '@spanloom/otlp';
import { SpanloomError, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { gatewayUrl } from '../connection';
import { runLoad } from '../demo/load-run';
import { generateLoad, type LoadOptions } from '../generate/load';
import { requireGateway } from '../import/post';
import { interruptSignal, wholeNumber } from '../interrupt';
import { createProtoSender } from '../send/sender';
import { createProgress, grouped } from '../terminal/progress';
import { homeOf } from './run-options';

interface GenerateFlags {
  readonly traces: string;
  readonly rate: string;
  readonly seed: string;
  readonly gateway?: string;
  readonly home?: string;
  readonly output?: boolean;
  readonly slowInstance?: string;
}

/** Adds `spanloom generate`. */
export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('Send generated traces of a shop with 14 services through the gateway')
    .option('--traces <n>', 'how many traces', '1000')
    .option('--rate <n>', 'traces begun per second', '100')
    .option('--seed <n>', 'the same seed makes the same traces', '1')
    .option('--gateway <url>', 'send elsewhere than to the local gateway')
    .option('--home <folder>', 'the folder that "up" was given')
    .option(
      '--slow-instance <service:n:ms>',
      'make instance n (from 0) of a service so many ms slower',
    )
    .option('--output', 'write OTLP/JSON lines to standard output at once, and send nothing')
    .addHelpText(
      'after',
      `
Examples
  spanloom generate --traces 10000 --rate 500
  spanloom generate --traces 5000 --seed 7 --output | gzip > load.otlp.jsonl.gz
  spanloom generate --traces 2500 --rate 4 --seed 7 --slow-instance catalog:1:60`,
    )
    .action(async (flags: GenerateFlags) => {
      const load = {
        traces: wholeNumber('--traces', flags.traces, 1, 1_000_000_000),
        tracesPerSecond: wholeNumber('--rate', flags.rate, 1, 1_000_000),
        seed: wholeNumber('--seed', flags.seed, 0, Number.MAX_SAFE_INTEGER),
        startUnixMs: systemClock.nowMs(),
        ...slowInstance(flags.slowInstance),
      };
      if (flags.output) await write(load);
      else {
        const state = readState(homeOf(flags, process.env));
        await send(load, gatewayUrl(flags.gateway, state, process.env));
      }
    });
}

/** `catalog:1:60`. */
function slowInstance(text: string | undefined): Pick<LoadOptions, 'slowInstance'> {
  if (text === undefined) return {};
  const [, service = '', instance, ms] = /^([^:]+):(\d{1,3}):(\d{1,6})$/.exec(text) ?? [];
  if (service !== '')
    return { slowInstance: { service, instance: Number(instance), ms: Number(ms) } };
  throw new SpanloomError('usage', `--slow-instance: "${text}" should be like catalog:1:60`);
}

type Load = Parameters<typeof generateLoad>[0];

async function write(load: Load): Promise<void> {
  for (const { spans } of generateLoad(load)) {
    if (process.stdout.write(`${encodeOtlpJson(spans)}\n`)) continue;
    await new Promise<void>((resolve) => {
      process.stdout.once('drain', () => resolve());
    });
  }
}

async function send(load: Load, url: string): Promise<void> {
  const clock = systemClock;
  const signal = interruptSignal();
  await requireGateway(url);
  const sender = createProtoSender({ url, clock, signal });
  const progress = createProgress(process.stderr, clock);
  await runLoad(load, sender, {
    clock,
    signal,
    onSend: () => progress.show(() => [`sent ${grouped(sender.counts().spans)} spans`]),
  });
  const { spans, rejected, rejectedBecause } = sender.counts();
  progress.show(() => [`sent ${grouped(spans)} spans`]);
  progress.end();
  if (rejected === 0) return;
  process.stderr.write(`the gateway refused ${grouped(rejected)}: ${rejectedBecause}\n`);
  process.exitCode = 1;
}
