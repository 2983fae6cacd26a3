import type { ClickHouse } from '@spanloom/clickhouse';
import type { Kafka, OutgoingRecord, Producer } from '@spanloom/kafka';
import { faultPoint, SpanloomError } from '@spanloom/runtime';
import { claimedByOthers, type LetterAction, type Run, writeActions } from './actions';
import { outcomes } from './interrupted';
import { bytesOf, isSame, type Letter } from './letters';
import { type Resend, type ResendDeps, resendOf } from './resend';
import { type Intent, REPLAY_ID_HEADER, replayId } from './settle';

/** Header that says how often a message has failed; the assembler counts on from it. */
const ATTEMPTS_HEADER = 'spanloom-attempts';
/** A batch is written down, sent and marked together. */
const BATCH_LETTERS = 100;
const BATCH_BYTES = 8_000_000;

/** What came of a replay. */
export interface ReplayCounts {
  replayed: number;
  /** Nothing to send: all of the message's spans are stored. */
  already_stored: number;
  /** Another run has taken them meanwhile. */
  taken: number;
  impossible: number;
}

/** What a replay works with. */
export interface ReplayDeps extends ResendDeps {
  readonly clickhouse: ClickHouse;
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly run: Run;
  /** Stops between two batches. */
  readonly signal: AbortSignal;
  onProgress(done: number): void;
  /** Told of letters that cannot be sent again, and why. */
  onImpossible(letter: Letter, why: string): void;
}

interface Sendable {
  readonly letter: Letter;
  readonly message: Extract<Resend, { kind: 'message' }>;
}

/**
 * Sends letters again, a batch at a time: intents are written down, then messages are produced, then the log
 * is read for what arrived, and that is marked. Cut off anywhere, the next run finds in the log what was sent
 * (`finishInterrupted`). Two runs never send the same letter: each writes its claim before it looks for others',
 * so at least one of the two sees the other and withdraws.
 */
export async function replayLetters(
  letters: readonly Letter[],
  deps: ReplayDeps,
): Promise<ReplayCounts> {
  const counts: ReplayCounts = { replayed: 0, already_stored: 0, taken: 0, impossible: 0 };
  let done = 0;
  for (const batch of batches(letters)) {
    if (deps.signal.aborted) break;
    await replayBatch(batch, deps, counts);
    done += batch.length;
    deps.onProgress(done);
  }
  return counts;
}

function batches(letters: readonly Letter[]): Letter[][] {
  const all: Letter[][] = [];
  let bytes = 0;
  for (const letter of letters) {
    const last = all.at(-1);
    bytes += letter.rawBytes;
    if (last === undefined || last.length >= BATCH_LETTERS || bytes > BATCH_BYTES) {
      all.push([letter]);
      bytes = letter.rawBytes;
    } else last.push(letter);
  }
  return all;
}

async function replayBatch(
  letters: readonly Letter[],
  deps: ReplayDeps,
  counts: ReplayCounts,
): Promise<void> {
  const { clickhouse, kafka, run } = deps;
  const sendable = await makeMessages(letters, deps, counts);
  const claimed = await claim(sendable, deps, counts);
  if (claimed.length === 0) return;
  await faultPoint('dlq.before-produce');
  const records = claimed.map(({ intent, message, letter }): OutgoingRecord => {
    const headers = {
      [ATTEMPTS_HEADER]: Buffer.from(String(letter.attempts)),
      [REPLAY_ID_HEADER]: Buffer.from(replayId(intent)),
    };
    return { partition: intent.toPartition, key: message.key, value: message.value, headers };
  });
  await deps.producer.send(kafka.topic('spans'), records);
  await faultPoint('dlq.after-produce');
  const actions = await outcomes(
    kafka,
    claimed.map(({ intent }) => intent),
  );
  await writeActions(clickhouse, run, actions);
  const sent = actions.filter(({ action }) => action === 'replayed').length;
  counts.replayed += sent;
  if (sent < actions.length) {
    throw new SpanloomError(
      'internal',
      `${actions.length - sent} messages were acknowledged but are not in the log: retention may be too short`,
    );
  }
}

async function makeMessages(
  letters: readonly Letter[],
  deps: ReplayDeps,
  counts: ReplayCounts,
): Promise<Sendable[]> {
  const bytes = await bytesOf(deps.clickhouse, letters);
  const sendable: Sendable[] = [];
  const stored: LetterAction[] = [];
  for (const [i, letter] of letters.entries()) {
    const resend = await resendOf(letter, bytes[i], deps);
    if (resend.kind === 'message') sendable.push({ letter, message: resend });
    else if (resend.kind === 'impossible') {
      counts.impossible++;
      deps.onImpossible(letter, resend.why);
    } else {
      const { runId } = deps.run;
      const { partition: toPartition } = letter;
      stored.push({
        letter,
        runId,
        action: 'replayed',
        note: resend.why,
        toPartition,
        toOffset: -1,
      });
    }
  }
  await writeActions(deps.clickhouse, deps.run, stored);
  counts.already_stored += stored.length;
  return sendable;
}

/** Writes intents down, and withdraws those for letters that somebody else has. */
async function claim(
  sendable: readonly Sendable[],
  { clickhouse, kafka, run }: ReplayDeps,
  counts: ReplayCounts,
): Promise<(Sendable & { readonly intent: Intent })[]> {
  if (sendable.length === 0) return [];
  const ends = await (await kafka.admin()).offsets(kafka.topic('spans'));
  const endOf = (partition: number): number =>
    ends.find((end) => end.partition === partition)?.high ?? 0;
  const claimed = sendable.map(({ letter, message }) => {
    // Where the message was read from is where the other spans of its traces are.
    const { partition } = letter;
    const { runId } = run;
    const intent: Intent = { letter, runId, toPartition: partition, fromOffset: endOf(partition) };
    return { letter, message, intent };
  });
  await writeActions(
    clickhouse,
    run,
    claimed.map(({ letter, intent: { runId, toPartition, fromOffset } }) => {
      return { letter, runId, action: 'intended', note: '', toPartition, toOffset: fromOffset };
    }),
  );
  await faultPoint('dlq.after-intent');
  const taken = await claimedByOthers(
    clickhouse,
    sendable.map(({ letter }) => letter),
    run.runId,
  );
  const isTaken = (letter: Letter): boolean => taken.some((other) => isSame(other, letter));
  const lost = claimed.filter(({ letter }) => isTaken(letter));
  await writeActions(
    clickhouse,
    run,
    lost.map(({ letter, intent: { runId, toPartition } }) => {
      const note = 'another run has it';
      return { letter, runId, action: 'withdrawn', note, toPartition, toOffset: -1 };
    }),
  );
  counts.taken += lost.length;
  return claimed.filter(({ letter }) => !isTaken(letter));
}
