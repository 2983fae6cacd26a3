import { SCHEMAS } from '@spanloom/avro';
import { createClickHouse } from '@spanloom/clickhouse';
import { readState } from '@spanloom/infra';
import { createKafka } from '@spanloom/kafka';
import {
  clickhouseSettings,
  createLogger,
  defineSettings,
  kafkaSettings,
  loadConfig,
  systemClock,
} from '@spanloom/runtime';
import { createRecordReader, rulesOf, windowSettings } from '@spanloom/window';
import type { Command } from 'commander';
import { sourcesOf } from '../connection';
import { interruptSignal, wholeNumber } from '../interrupt';
import { parsePlace } from '../rebuild/place';
import { rebuildJson, rebuildText } from '../rebuild/report';
import { type RebuildResult, rebuild } from '../rebuild/run';
import { dropShadows, SUFFIX_DEFAULT, shadowNames } from '../rebuild/tables';
import { bar, createProgress } from '../terminal/progress';
import { homeOf } from './run-options';

const PARTITION_MAX = 1023;

const EXAMPLES = `
Examples
  spanloom rebuild --from start                          all that the log still has, compared with the tables
  spanloom rebuild --from 2026-05-01T10:00:00Z --to 2026-05-01T11:00:00Z
  spanloom rebuild --from offset:12000 --to offset:15000 --partition 3 --json
  spanloom rebuild --from offset:0=1200,3=950 --swap     puts right what differs
  spanloom rebuild --from start --into check             keeps otel_traces_check and the others to look at

The window settings must be the assembler's (SPANLOOM_GAP_S and so on). Live tables are only changed with --swap,
and then only the fragments that differ. The exit code is 1 when something differs, or still does after --swap.
`;

/** Of the assembler's settings those that decide what a trace is, and how to reach what a rebuild needs. */
const settings = defineSettings('assembler', {
  ...kafkaSettings,
  ...clickhouseSettings,
  ...windowSettings,
});

interface RebuildFlags {
  readonly from: string;
  readonly to: string;
  readonly into?: string;
  readonly partition?: readonly string[];
  readonly swap?: boolean;
  readonly json?: boolean;
  readonly home?: string;
}

async function runRebuild(flags: RebuildFlags): Promise<RebuildResult> {
  const from = parsePlace('--from', flags.from);
  const to = parsePlace('--to', flags.to);
  const names = shadowNames(flags.into ?? SUFFIX_DEFAULT);
  const chosen = flags.partition?.map((text) => wholeNumber('--partition', text, 0, PARTITION_MAX));
  const state = readState(homeOf(flags, process.env));
  const config = loadConfig(settings, { ...sourcesOf(state, process.env), partly: true });
  const logger = createLogger({ service: 'rebuild', level: 'warn' });
  const clickhouse = createClickHouse(config, { logger });
  const kafka = createKafka(config, { logger, clientId: 'spanloom-rebuild' });
  const progress = createProgress(process.stderr, systemClock);
  try {
    const registry = kafka.registry();
    const schemaId = await registry.register(`${kafka.topic('spans')}-value`, SCHEMAS.spanBatch);
    const result = await rebuild(
      {
        from,
        to,
        partitions: chosen === undefined ? null : new Set(chosen),
        swap: flags.swap === true,
        names,
      },
      {
        kafka,
        topicPrefix: config.topic_prefix,
        clickhouse,
        reader: createRecordReader(registry, schemaId),
        rules: rulesOf(config),
        clock: systemClock,
        signal: interruptSignal(),
        onProgress: (what, done, total) =>
          progress.show(() => [`${what} ${bar(done / total)}  ${done} of ${total} messages`]),
      },
    );
    progress.end();
    return result;
  } finally {
    if (flags.into === undefined) await dropShadows(clickhouse, names).catch(() => undefined);
    await kafka.close();
    await clickhouse.close();
  }
}

/** Adds `rebuild`. Sets exit code 1 when the live tables are not what the log says. */
export function registerRebuild(program: Command): void {
  program
    .command('rebuild')
    .description(
      'Make the tables anew from the log, compare them with the live ones, and repair those',
    )
    .requiredOption('--from <place>', '"start", a time, offset:N, or offset:P=N,P=N by partition')
    .option('--to <place>', 'the same; it is not included', 'end')
    .option('--into <suffix>', 'keep the rebuilt tables, named otel_traces_<suffix> and so on')
    .option('--partition <n...>', 'only these partitions')
    .option('--swap', 'put the rebuilt rows in the place of live ones that differ')
    .option('--json', 'one JSON object instead of tables')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: RebuildFlags) => {
      const result = await runRebuild(flags);
      process.stdout.write(`${flags.json ? rebuildJson(result) : rebuildText(result)}\n`);
      const { identical } = result.afterSwap ?? result.comparison;
      if (!identical) process.exitCode = 1;
    });
}
