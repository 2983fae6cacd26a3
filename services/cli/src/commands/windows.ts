import { readState } from '@spanloom/infra';
import type { Command } from 'commander';
import { queryUrl } from '../connection';
import { askWindows } from '../windows/ask';
import { windowsTables } from '../windows/tables';
import { homeOf } from './run-options';

const EXAMPLES = `
Examples
  spanloom windows
  spanloom windows --order largest --limit 5
  spanloom windows --json | jq '.partitions[] | {partition, open_windows, oldest_age_s}'

Windows are those of each partition's last checkpoint; ages are by the partition's log clock.
The exit code is 0 when all partitions were read, 1 otherwise.
`;

interface WindowsFlags {
  readonly order: string;
  readonly limit: string;
  readonly query?: string;
  readonly json?: boolean;
  readonly home?: string;
}

/** Adds `windows`. Sets exit code 1 when a partition could not be read. */
export function registerWindows(program: Command): void {
  program
    .command('windows')
    .description('Show the open windows of each partition, and open traces')
    .option('--order <order>', 'which traces come first: oldest or largest', 'oldest')
    .option('--limit <count>', 'traces at most', '10')
    .option('--query <url>', 'ask another than the local query service')
    .option('--json', 'one JSON object instead of tables')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: WindowsFlags) => {
      const state = readState(homeOf(flags, process.env));
      const url = queryUrl(flags.query, state, process.env);
      const answer = await askWindows(url, { order: flags.order, limit: flags.limit });
      process.stdout.write(`${flags.json ? JSON.stringify(answer) : windowsTables(answer)}\n`);
      for (const warning of answer.warnings) process.stderr.write(`warning: ${warning}\n`);
      if (answer.warnings.length > 0) process.exitCode = 1;
    });
}
