import { createClickHouse } from '@spanloom/clickhouse';
import { readState } from '@spanloom/infra';
import { durationNanoOf, unixSecondsOf } from '@spanloom/model';
import { type Comparison, EXPLAIN_LIMITS, explain } from '@spanloom/outlier';
import { createLogger, SpanloomError } from '@spanloom/runtime';
import type { Command } from 'commander';
import { clickhouseConfig } from '../connection';
import { explainText } from '../explain/report';
import { wholeNumber } from '../interrupt';
import { homeOf } from './run-options';

const EXAMPLES = `
Examples
  spanloom explain --service checkout --slower-than 500ms
  spanloom explain --service cart --operation GetCart --slower-than 20ms --from 2024-05-01T10:00:00Z --to 2024-05-01T10:05:00Z
  spanloom explain --service checkout --slower-than 1s --json | jq '.below[0]'

Compares the spans that took so long or longer with the others: attributes by the share of traces that have them,
operations below by their time on the critical path. Without --operation, the spans by which the service is entered
(server, consumer, roots). Only what is not chance is listed, and the list is ordered by what is sure of it.
At most about ${EXPLAIN_LIMITS.sample_spans_max} spans of each group are compared, and ${EXPLAIN_LIMITS.below_traces_max} traces of each looked into.
`;

const TOP_DEFAULT = '10';
const NANO_PER_S = 1_000_000_000n;

interface ExplainFlags {
  readonly service: string;
  readonly slowerThan: string;
  readonly operation?: string;
  readonly from?: string;
  readonly to?: string;
  readonly top: string;
  readonly json?: boolean;
  readonly home?: string;
}

function timeOf(flag: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const seconds = unixSecondsOf(text);
  if (seconds !== null) return BigInt(seconds) * NANO_PER_S;
  throw new SpanloomError(
    'usage',
    `${flag}: "${text}" should be a time such as 2024-05-01T10:00:00Z, or Unix time in s or ms`,
  );
}

function comparisonOf(flags: ExplainFlags): Comparison {
  const slowerThanNano = durationNanoOf(flags.slowerThan);
  if (slowerThanNano === null) {
    throw new SpanloomError(
      'usage',
      `--slower-than: "${flags.slowerThan}" should be a duration such as 500ms or 1.5s`,
    );
  }
  const fromNano = timeOf('--from', flags.from);
  const toNano = timeOf('--to', flags.to);
  if (fromNano !== undefined && toNano !== undefined && fromNano >= toNano) {
    throw new SpanloomError('usage', '--from should be before --to');
  }
  const { service, operation } = flags;
  return { service, operation, slowerThanNano, fromNano, toNano };
}

async function runExplain(flags: ExplainFlags): Promise<string> {
  const comparison = comparisonOf(flags);
  const top = wholeNumber('--top', flags.top, 1, 1_000);
  const logger = createLogger({ service: 'explain', level: 'warn' });
  const config = clickhouseConfig(readState(homeOf(flags, process.env)), process.env);
  const clickhouse = createClickHouse(config, { logger });
  try {
    const found = await explain(comparison, ({ sql, params }) => clickhouse.query(sql, params));
    if (flags.json) return JSON.stringify(found);
    const { service, operation, slowerThan: slower_than } = flags;
    return explainText({ service, operation, slower_than, top }, found);
  } finally {
    await clickhouse.close();
  }
}

/** Adds `explain`. */
export function registerExplain(program: Command): void {
  program
    .command('explain')
    .description('Find what the slow spans of a service have that the others do not')
    .requiredOption('--service <name>', 'the service')
    .requiredOption('--slower-than <duration>', 'a span is slow from here on, such as 500ms')
    .option('--operation <name>', 'only spans of this name')
    .option('--from <time>', 'spans that begin at or after it: RFC 3339 or Unix time')
    .option('--to <time>', 'spans that begin before it')
    .option('--top <n>', 'rows of each list that are shown', TOP_DEFAULT)
    .option('--json', 'one JSON object instead of tables')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ExplainFlags) => {
      process.stdout.write(`${await runExplain(flags)}\n`);
    });
}
