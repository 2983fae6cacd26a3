import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { readState, stopRun } from '@spanloom/infra';
import { createLogger, SpanloomError, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { homeOf } from './run-options';

const EXAMPLES = `
Examples
  spanloom reset          asks first
  spanloom reset --yes    does not

Only the data of local engines is deleted. Engines given from outside keep theirs.
`;

/** Asks on the terminal. SpanloomError('usage') where there is nobody to ask. */
async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new SpanloomError('usage', 'reset deletes all data: give --yes to confirm');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

/** Adds `reset`: stops what runs, then deletes the local engines' data. */
export function registerReset(program: Command): void {
  program
    .command('reset')
    .description('Delete the data of the local engines, after asking')
    .option('-y, --yes', 'do not ask')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: { readonly yes?: boolean; readonly home?: string }) => {
      const home = homeOf(flags, process.env);
      const data = join(home, 'data');
      const running = readState(home) !== null;
      if (!existsSync(data) && !running) {
        process.stderr.write(`there is no data in ${home}.\n`);
        return;
      }
      const stops = running ? 'Stop Spanloom and delete' : 'Delete';
      const sure = flags.yes === true || (await confirm(`${stops} all data in ${data}?`));
      if (!sure) {
        process.stderr.write('nothing was deleted.\n');
        return;
      }
      const logger = createLogger({ service: 'reset', level: 'warn' });
      await stopRun(home, { clock: systemClock, logger });
      rmSync(data, { recursive: true, force: true });
      process.stderr.write(`deleted ${data}.\n`);
    });
}
