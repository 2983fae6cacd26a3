import { randomUUID } from 'node:crypto';
import { SpanloomError, systemClock } from '@spanloom/runtime';
import type { Command } from 'commander';
import { interruptSignal, wholeNumber } from '../interrupt';
import { bar, createProgress, grouped } from '../terminal/progress';
import { type LetterAction, pendingReplays, thisRun, writeActions } from './actions';
import { requireChoice } from './discard';
import { addFilterFlags, type Filter, type FilterFlags, filterOf } from './filter';
import { type Finished, finishInterrupted } from './interrupted';
import { formatName } from './letter-name';
import { countOf, inOrder, type Letter } from './letters';
import { whyNot } from './resend';
import { type ReplayCounts, replayLetters } from './run-replay';
import { MESSAGE_BYTES_MAX, type Session, withSession } from './session';

const EXAMPLES = `
Examples
  spanloom dlq replay --reason schema-unknown --dry-run
  spanloom dlq replay --reason schema-unknown            once the schema is registered
  spanloom dlq replay spans/3@42#0 spans/3@42#7
  spanloom dlq replay --all --quarantined --attempts-max 10

What fails again comes back as a new letter with one attempt more. A letter that has failed --attempts-max times
is quarantined instead of sent. A run that was cut off is finished by the next one, whatever it chooses: the log
tells what was sent. The exit code is 1 when a letter could not be sent again.
`;

/** How often a message may fail before a replay quarantines it. */
const ATTEMPTS_MAX_DEFAULT = '3';

interface ReplayFlags extends FilterFlags {
  readonly all?: boolean;
  readonly quarantined?: boolean;
  readonly attemptsMax: string;
  readonly takeOver?: boolean;
  readonly dryRun?: boolean;
  readonly limit: string;
  readonly json?: boolean;
  readonly home?: string;
}

/** What a run will do, letter by letter. */
interface Plan {
  readonly send: readonly Letter[];
  readonly quarantine: readonly Letter[];
  readonly impossible: readonly { readonly letter: Letter; readonly why: string }[];
  /** Letters that match but are over the limit of one run. */
  readonly left: number;
}

/** Adds `dlq replay`. Sets exit code 1 when a letter could not be sent again. */
export function registerReplay(dlq: Command): void {
  const command = dlq
    .command('replay')
    .description('Send dead letters again, now that what was wrong is right')
    .argument('[letter...]', 'names as "dlq list" shows them')
    .option('--all', 'all that are open; needed where nothing else chooses')
    .option('--quarantined', 'also those that are quarantined; raise --attempts-max for them')
    .option('--attempts-max <n>', 'quarantine what has failed this often', ATTEMPTS_MAX_DEFAULT)
    .option('--take-over', 'finish a run on another host, which must have ended')
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--limit <n>', 'most letters in one run', '10000')
    .option('--json', 'print the result as one line of JSON')
    .option('--home <folder>', 'the folder that "up" was given');
  addFilterFlags(command)
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: ReplayFlags) => replay(names, flags));
}

async function replay(names: readonly string[], flags: ReplayFlags): Promise<void> {
  requireChoice(names, flags, 'replay');
  const attempts_max = wholeNumber('--attempts-max', flags.attemptsMax, 1, 1_000_000);
  const limit = wholeNumber('--limit', flags.limit, 1, 100_000);
  await withSession(flags, async (session) => {
    const states = flags.quarantined ? (['open', 'quarantined'] as const) : (['open'] as const);
    const filter = filterOf(flags, names, states, {
      prefix: session.prefix,
      nowMs: systemClock.nowMs(),
    });
    if (flags.dryRun) {
      const pending = (await pendingReplays(session.clickhouse)).length;
      print(flags, { plan: await planOf(session, filter, limit, attempts_max), pending });
      return;
    }
    const impossible = await execute(session, flags, () =>
      planOf(session, filter, limit, attempts_max),
    );
    if (impossible > 0) process.exitCode = 1;
  });
}

async function planOf(
  { clickhouse, kafka }: Session,
  filter: Filter,
  limit: number,
  attempts_max: number,
): Promise<Plan> {
  const topic = await (await kafka.admin()).describe(kafka.topic('spans'));
  if (topic === null) {
    throw new SpanloomError(
      'usage',
      `there is no topic ${kafka.topic('spans')}: is the topic prefix right?`,
    );
  }
  const matching = await countOf(clickhouse, filter);
  const letters = await inOrder(clickhouse, filter, limit);
  const send: Letter[] = [];
  const quarantine: Letter[] = [];
  const impossible: { letter: Letter; why: string }[] = [];
  for (const letter of letters) {
    const why = whyNot(letter, kafka, topic.partitions);
    if (why !== null) impossible.push({ letter, why });
    else if (letter.attempts < attempts_max) send.push(letter);
    else if (letter.state === 'open') quarantine.push(letter);
  }
  return { send, quarantine, impossible, left: Math.max(0, matching - letters.length) };
}

/** Finishes what was interrupted, then does what the plan says. Gives how many letters could not be sent. */
async function execute(
  session: Session,
  flags: ReplayFlags,
  makePlan: () => Promise<Plan>,
): Promise<number> {
  const { clickhouse, kafka } = session;
  const run = thisRun(randomUUID());
  const line = createProgress(process.stderr, systemClock);
  let read = 0;
  const finished = await finishInterrupted(session, run, {
    takeOver: flags.takeOver === true,
    onProgress(offsets) {
      read += offsets;
      line.show(() => [`looking for interrupted replays: ${grouped(read)} messages read`]);
    },
  });
  const plan = await makePlan();
  const onImpossible = (letter: Letter, why: string): void =>
    line.say(`${formatName(letter)} cannot be sent again: ${why}`);
  for (const { letter, why } of plan.impossible) onImpossible(letter, why);
  await writeActions(
    clickhouse,
    run,
    plan.quarantine.map((letter) => quarantined(letter, run.runId)),
  );
  const producer = await kafka.producer({ compression: 'none', inOrder: true });
  const counts = await replayLetters(plan.send, {
    clickhouse,
    kafka,
    producer,
    run,
    message_bytes_max: MESSAGE_BYTES_MAX,
    signal: interruptSignal(),
    onImpossible,
    onProgress: (done) =>
      line.show(() => [`letters ${bar(done / plan.send.length)}  ${done} of ${plan.send.length}`]),
  });
  line.end();
  print(flags, { plan, counts, finished });
  return plan.impossible.length + counts.impossible;
}

function quarantined(letter: Letter, runId: string): LetterAction {
  const note = `failed ${letter.attempts} times`;
  const { partition: toPartition } = letter;
  return { letter, runId, action: 'quarantined', note, toPartition, toOffset: -1 };
}

type Result =
  | { readonly plan: Plan; readonly pending: number }
  | { readonly plan: Plan; readonly counts: ReplayCounts; readonly finished: Finished };

function print(flags: ReplayFlags, result: Result): void {
  const summary = summaryOf(result);
  const text = flags.json
    ? JSON.stringify(summary)
    : Object.entries(summary)
        .filter(([name, value]) => typeof value === 'number' && (value > 0 || name === 'replayed'))
        .map(([name, value]) => `${LABELS[name] ?? name}: ${grouped(value as number)}`)
        .join('\n');
  const dry = 'pending' in result && !flags.json ? 'nothing was changed; a run would give\n' : '';
  process.stdout.write(`${dry}${text}\n`);
}

const LABELS: Readonly<Record<string, string>> = {
  replayed: 'sent again',
  already_stored: 'stored already, nothing sent',
  quarantined: 'quarantined',
  impossible: 'cannot be sent again',
  taken: 'left to another run',
  left: 'more match: run it again',
  resumed_sent: 'interrupted before, found sent',
  resumed_reopened: 'interrupted before, not sent, open again',
  resumed_quarantined: 'interrupted before, unclear, quarantined',
  interrupted: 'interrupted replays that would be finished first',
};

function summaryOf(result: Result): Readonly<Record<string, number | boolean>> {
  const { plan } = result;
  const impossible = plan.impossible.length;
  const quarantined = plan.quarantine.length;
  if ('pending' in result) {
    const { pending: interrupted } = result;
    return {
      dry_run: true,
      replayed: plan.send.length,
      quarantined,
      impossible,
      interrupted,
      left: plan.left,
    };
  }
  const { counts, finished } = result;
  return {
    dry_run: false,
    ...counts,
    quarantined,
    impossible: impossible + counts.impossible,
    resumed_sent: finished.sent,
    resumed_reopened: finished.reopened,
    resumed_quarantined: finished.quarantined,
    left: plan.left,
  };
}
