import { stopRun } from '@spanloom/infra';
import { createLogger, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { homeOf } from './run-options';

const EXAMPLES = `
Examples
  spanloom down      stops services in the order of the flow, then engines; the data stays
`;

/** Adds `down`. Fine to call when nothing runs. */
export function registerDown(program: Command): void {
  program
    .command('down')
    .description('Stop what "spanloom up" started; the data stays')
    .option('--home <folder>', 'the folder that "up" was given')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: { readonly home?: string }) => {
      const logger = createLogger({ service: 'down', level: 'warn' });
      const home = homeOf(flags, process.env);
      process.stderr.write('stopping …\n');
      const outcome = await stopRun(home, { clock: systemClock, logger });
      const message =
        outcome.kind === 'nothing-ran'
          ? 'nothing was running.'
          : `stopped ${outcome.processes} processes; the data is in ${home}.`;
      process.stderr.write(`${message}\n`);
    });
}
