import type { Command } from 'commander';
import { registerDiscard } from '../dlq/discard';
import { registerList } from '../dlq/list';
import { registerReplay } from '../dlq/replay';
import { registerShow } from '../dlq/show';

const EXAMPLES = `
Examples
  spanloom dlq list --since 2h
  spanloom dlq show spans/3@42#0
  spanloom dlq replay --reason schema-unknown --dry-run
  spanloom dlq discard --reason not-avro --until 7d --note "test traffic"

"spanloom dlq <command> --help" tells more. docs/dead-letters.md says what each reason means.
`;

/** Adds `dlq` with its subcommands. */
export function registerDlq(program: Command): void {
  const dlq = program
    .command('dlq')
    .description('See, send again or discard what could not be processed')
    .addHelpText('after', EXAMPLES);
  for (const register of [registerList, registerShow, registerReplay, registerDiscard]) {
    register(dlq);
  }
}
