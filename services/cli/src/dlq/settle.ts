import { type Kafka, readRange } from '@spanloom/kafka';
import { formatName, type LetterName } from './letter-name';

/** Header that names the replay which a message on `spans` is. */
export const REPLAY_ID_HEADER = 'spanloom-replay-id';

/** A replay that was intended: where it would be on its topic. */
export interface Intent {
  readonly letter: LetterName;
  readonly runId: string;
  readonly toPartition: number;
  /** Where the log ended before it was sent. */
  readonly fromOffset: number;
}

/** What became of an intent: its offset, 'absent', or 'unknown' where the log no longer reaches back. */
export type Settled = number | 'absent' | 'unknown';

/** Name of a replay: one letter in one run. */
export function replayId({ letter, runId }: Pick<Intent, 'letter' | 'runId'>): string {
  return `${runId} ${formatName(letter)}`;
}

/** Offsets read at a time, so that reading ends soon after all is found. */
const CHUNK_OFFSETS = 20_000;
/**
 * A run appends within minutes of writing down where the log ended. By the broker's append times, as the
 * log's own clock, nothing of it comes later than this after the first record.
 */
const APPENDED_WITHIN_MS = 3_600_000;

/** Looks in the log which of the replays were sent, by their ids in the headers. */
export async function settle(
  kafka: Kafka,
  intents: readonly Intent[],
  onRead: (offsets: number) => void = () => undefined,
): Promise<ReadonlyMap<string, Settled>> {
  const settled = new Map<string, Settled>();
  if (intents.length === 0) return settled;
  const topic = kafka.topic('spans');
  const ranges = await (await kafka.admin()).offsets(topic);
  for (const { partition, low, high } of ranges) {
    const here = intents.filter(({ toPartition }) => toPartition === partition);
    for (const from of [...new Set(here.map(({ fromOffset }) => fromOffset))].sort(ascending)) {
      const wanted = here.filter(({ fromOffset }) => fromOffset === from);
      const ids = new Set(wanted.map(replayId));
      const found = await find(
        kafka,
        { topic, partition, from: Math.max(from, low), to: high },
        ids,
        onRead,
      );
      const otherwise = from < low ? 'unknown' : 'absent';
      for (const id of ids) settled.set(id, found.get(id) ?? otherwise);
    }
  }
  // A partition that is gone tells nothing.
  for (const intent of intents) {
    if (!settled.has(replayId(intent))) settled.set(replayId(intent), 'unknown');
  }
  return settled;
}

async function find(
  kafka: Kafka,
  range: {
    readonly topic: string;
    readonly partition: number;
    readonly from: number;
    readonly to: number;
  },
  ids: ReadonlySet<string>,
  onRead: (offsets: number) => void,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  let firstMs: number | null = null;
  let tooLate = false;
  for (
    let at = range.from;
    at < range.to && found.size < ids.size && !tooLate;
    at += CHUNK_OFFSETS
  ) {
    const end = Math.min(at + CHUNK_OFFSETS, range.to);
    await readRange(kafka, range.topic, range.partition, at, end, (records) => {
      for (const { offset, timestampMs, headers } of records) {
        firstMs ??= timestampMs;
        tooLate = timestampMs - firstMs > APPENDED_WITHIN_MS;
        const id = headers[REPLAY_ID_HEADER]?.toString();
        if (id !== undefined && ids.has(id) && !found.has(id)) found.set(id, offset);
      }
    });
    onRead(end - at);
  }
  return found;
}

const ascending = (a: number, b: number): number => a - b;
