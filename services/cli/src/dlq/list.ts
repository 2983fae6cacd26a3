import { SpanloomError, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { wholeNumber } from '../interrupt';
import { formatTable } from '../sql/table';
import { grouped } from '../terminal/progress';
import {
  addFilterFlags,
  type FilterFlags,
  filterOf,
  LETTER_STATES,
  type LetterState,
} from './filter';
import { formatName } from './letter-name';
import { type HistogramRow, histogram, type Letter, newest } from './letters';
import { withSession } from './session';

const EXAMPLES = `
Examples
  spanloom dlq list
  spanloom dlq list --state open --reason malformed kind --since 90m
  spanloom dlq list --trace 0af7651916cd43dd8448eb211c80319c
  spanloom dlq list --limit 0 --json | jq '.histogram[] | {reason, open}'
`;

interface ListFlags extends FilterFlags {
  readonly state?: readonly string[];
  readonly limit: string;
  readonly json?: boolean;
  readonly home?: string;
}

/** Adds `dlq list`. */
export function registerList(dlq: Command): void {
  const command = dlq
    .command('list')
    .description('Count dead letters by reason, topic and partition, and show the newest')
    .option('--state <state...>', `only these: ${LETTER_STATES.join(', ')}`)
    .option('--limit <n>', 'how many letters to show below the counts', '20')
    .option('--json', 'print one JSON object')
    .option('--home <folder>', 'the folder that "up" was given');
  addFilterFlags(command)
    .addHelpText('after', EXAMPLES)
    .action((flags: ListFlags) => list(flags));
}

async function list(flags: ListFlags): Promise<void> {
  const limit = wholeNumber('--limit', flags.limit, 0, 100_000);
  const states = statesOf(flags.state);
  await withSession(flags, async ({ clickhouse, prefix }) => {
    const filter = filterOf(flags, [], states, { prefix, nowMs: systemClock.nowMs() });
    const counts = await histogram(clickhouse, filter);
    const letters = limit === 0 ? [] : await newest(clickhouse, filter, limit);
    const text = flags.json ? listJson(counts, letters) : listText(counts, letters);
    process.stdout.write(`${text}\n`);
  });
}

function statesOf(given: readonly string[] | undefined): readonly LetterState[] {
  const states = given ?? LETTER_STATES;
  const wrong = states.find((state) => !LETTER_STATES.includes(state as LetterState));
  if (wrong === undefined) return states as readonly LetterState[];
  throw new SpanloomError(
    'usage',
    `--state: "${wrong}" should be one of ${LETTER_STATES.join(', ')}`,
  );
}

function listJson(counts: readonly HistogramRow[], letters: readonly Letter[]): string {
  return JSON.stringify({
    matching: total(counts),
    histogram: counts,
    letters: letters.map((letter) => ({ name: formatName(letter), ...letter })),
  });
}

function total(counts: readonly HistogramRow[]): number {
  return counts.reduce((sum, { letters }) => sum + letters, 0);
}

const BAR_WIDTH = 20;

function listText(counts: readonly HistogramRow[], letters: readonly Letter[]): string {
  if (counts.length === 0) return 'no dead letters.';
  const most = Math.max(...counts.map((row) => row.letters));
  const head = table(
    ['reason', 'topic', 'partition', 'letters', '', ...LETTER_STATES, 'first', 'last'],
    counts.map((row) => [
      row.reason,
      row.topic,
      row.partition,
      row.letters,
      '#'.repeat(Math.ceil((row.letters / most) * BAR_WIDTH)),
      ...LETTER_STATES.map((state) => row[state] || ''),
      row.first,
      row.last,
    ]),
  );
  const sum = `${grouped(total(counts))} dead letters match`;
  if (letters.length === 0) return `${head}\n${sum}.`;
  const rows = table(
    ['letter', 'at', 'state', 'reason', 'attempts', 'bytes', 'error'],
    letters.map((letter) => [
      formatName(letter),
      letter.at,
      letter.state,
      letter.reason,
      letter.attempts,
      letter.rawBytes,
      letter.error,
    ]),
  );
  return `${head}\n${sum}; the newest:\n\n${rows}`;
}

/** Rows as `spanloom sql` shows them, without the count. */
function table(names: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const types = names.map((_, column) =>
    rows.some((row) => typeof row[column] === 'number') ? 'Int64' : 'String',
  );
  const cells = rows.map((row) => row.map(String));
  return formatTable({ names, types, cells }).replace(/\n[^\n]*$/, '');
}
