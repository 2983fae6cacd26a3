import { randomUUID } from 'node:crypto';
import { SpanloomError, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { wholeNumber } from '../interrupt';
import { grouped } from '../terminal/progress';
import { thisRun, writeActions } from './actions';
import { addFilterFlags, type FilterFlags, filterOf, isUnfiltered } from './filter';
import { countOf, inOrder } from './letters';
import { withSession } from './session';

const EXAMPLES = `
Examples
  spanloom dlq discard spans/3@42#0 --note "sent by hand"
  spanloom dlq discard --reason not-avro --until 7d --dry-run
  spanloom dlq discard --all

Letters that are open or quarantined are marked; nothing is deleted. Who marked them, when and why is in the
table dead_letter_actions.
`;

interface DiscardFlags extends FilterFlags {
  readonly all?: boolean;
  readonly note: string;
  readonly dryRun?: boolean;
  readonly limit: string;
  readonly json?: boolean;
  readonly home?: string;
}

/** Actions are written this many at a time. */
const BATCH_LETTERS = 5_000;

/** Adds `dlq discard`. */
export function registerDiscard(dlq: Command): void {
  const command = dlq
    .command('discard')
    .description('Mark dead letters as done with; they stay in the table')
    .argument('[letter...]', 'names as "dlq list" shows them')
    .option('--all', 'all that are open or quarantined; needed where nothing else chooses')
    .option('--note <text>', 'why, for those who look later', '')
    .option('--dry-run', 'say what would be discarded, and change nothing')
    .option('--limit <n>', 'most letters in one run', '100000')
    .option('--json', 'print the result as one line of JSON')
    .option('--home <folder>', 'the folder that "up" was given');
  addFilterFlags(command)
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: DiscardFlags) => discard(names, flags));
}

async function discard(names: readonly string[], flags: DiscardFlags): Promise<void> {
  requireChoice(names, flags, 'discard');
  const limit = wholeNumber('--limit', flags.limit, 1, 1_000_000);
  await withSession(flags, async ({ clickhouse, prefix }) => {
    const context = { prefix, nowMs: systemClock.nowMs() };
    const filter = filterOf(flags, names, ['open', 'quarantined'], context);
    const matching = await countOf(clickhouse, filter);
    const letters = await inOrder(clickhouse, filter, limit);
    const run = thisRun(randomUUID());
    for (let at = 0; at < letters.length && !flags.dryRun; at += BATCH_LETTERS) {
      const actions = letters.slice(at, at + BATCH_LETTERS).map((letter) => {
        const { runId } = run;
        const { partition: toPartition } = letter;
        const { note } = flags;
        return { letter, runId, action: 'discarded' as const, note, toPartition, toOffset: -1 };
      });
      await writeActions(clickhouse, run, actions);
    }
    const left = Math.max(0, matching - letters.length);
    const did = flags.dryRun ? 'would be discarded' : 'discarded';
    const more = left === 0 ? '' : `; ${grouped(left)} more match: run it again`;
    const text = flags.json
      ? JSON.stringify({ dry_run: flags.dryRun === true, discarded: letters.length, left })
      : `${grouped(letters.length)} ${did}${more}.`;
    process.stdout.write(`${text}\n`);
  });
}

/** SpanloomError('usage') when nothing says which letters are meant. */
export function requireChoice(
  names: readonly string[],
  flags: FilterFlags & { readonly all?: boolean },
  command: string,
): void {
  if (names.length > 0 || flags.all || !isUnfiltered(flags)) return;
  throw new SpanloomError(
    'usage',
    `say which: names, a filter like --reason, or --all ("spanloom dlq ${command} --help")`,
  );
}
