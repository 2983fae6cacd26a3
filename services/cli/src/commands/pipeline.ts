import { createClickHouse } from '@spanloom/clickhouse';
import { readState } from '@spanloom/infra';
import { createLogger, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { clickhouseConfig } from '../connection';
import { wholeNumber } from '../interrupt';
import { readPipeline } from '../pipeline/read';
import { pipelineText } from '../pipeline/report';
import { homeOf } from './run-options';

const MINUTES = { default: 60, max: 1_000_000 } as const;
const SERVICES = { default: 20, max: 1_000 } as const;

const EXAMPLES = `
Examples
  spanloom pipeline
  spanloom pipeline --minutes 1440 --services 5
  spanloom pipeline --json | jq '.capture[] | select(.Overall == 1) | .RatePercent'

What the figures mean, and what producers report: docs/pipeline-figures.md, docs/producers.md.
`;

interface PipelineFlags {
  readonly minutes: string;
  readonly services: string;
  readonly json?: boolean;
  readonly home?: string;
}

async function answerOf(flags: PipelineFlags): Promise<string> {
  const minutes = wholeNumber('--minutes', flags.minutes, 1, MINUTES.max);
  const services_max = wholeNumber('--services', flags.services, 1, SERVICES.max);
  const config = clickhouseConfig(readState(homeOf(flags, process.env)), process.env);
  const logger = createLogger({ service: 'pipeline', level: 'warn' });
  const clickhouse = createClickHouse(config, { logger });
  try {
    const end_s = Math.ceil(systemClock.nowMs() / 60_000) * 60;
    const start_s = Math.max(0, end_s - minutes * 60);
    const pipeline = await readPipeline({ start_s, end_s, services_max }, clickhouse);
    return flags.json ? JSON.stringify(pipeline) : pipelineText(pipeline);
  } finally {
    await clickhouse.close();
  }
}

/** Adds `pipeline`. */
export function registerPipeline(program: Command): void {
  program
    .command('pipeline')
    .description('Data capture rate, and the delays of transfer, storage and analysis')
    .option('--minutes <n>', 'of how many minutes, up to now', String(MINUTES.default))
    .option(
      '--services <n>',
      'services told apart; further ones are "other"',
      String(SERVICES.default),
    )
    .option('--json', 'one JSON object instead of tables')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: PipelineFlags) => {
      process.stdout.write(`${await answerOf(flags)}\n`);
    });
}
