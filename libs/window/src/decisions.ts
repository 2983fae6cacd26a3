import { decodeDeadLetter } from '@spanloom/avro';
import { SpanloomError } from '@spanloom/runtime';
import type { LogRecord, PartitionLog } from './log';
import type { RecordReader } from './record-reader';
import { deadRecord, type ScannedRecord } from './scan';

/**
 * Offsets of records of one partition of `spans` that became dead letters because the registry did not know
 * their schema then. It may know it by now, which the log does not say: the topic dead-letters does.
 */
export type Decisions = ReadonlySet<number>;

/** Brokers' clocks may differ by this much, s: a letter is looked for from that long before its record. */
export const CLOCKS_DIFFER_S = 60;

const UNKNOWN = 'schema-unknown';

/**
 * Reads the decisions from a partition of the topic dead-letters, which has the number of that of `spans`.
 * A letter is written, and acknowledged, before anything that follows from it is.
 * @returns one number for each such letter since `since_s` (log clock), so as many as there are
 */
export async function readDecisions(
  letters: PartitionLog,
  of: {
    /** Name of the topic of spans. */
    readonly topic: string;
    readonly partition: number;
    readonly since_s: number;
    /** Where the partition of letters ends. */
    readonly end: number;
  },
): Promise<Decisions> {
  const dead = new Set<number>();
  const from = await letters.offsetAt(Math.max(0, of.since_s - CLOCKS_DIFFER_S) * 1000);
  if (from === null || from >= of.end) return dead;
  await letters.read(from, of.end, (records) => {
    for (const { value } of records) {
      const letter = value === null ? null : decoded(value);
      if (letter?.reason !== UNKNOWN || letter.topic !== of.topic) continue;
      if (letter.partition === of.partition && letter.index === -1) dead.add(letter.offset);
    }
  });
  return dead;
}

function decoded(value: Buffer) {
  try {
    return decodeDeadLetter(value);
  } catch {
    return null; // somebody else's message: the sink tells of it
  }
}

/**
 * A reader by which records that were dead letters stay so, whatever the registry says today.
 * @param decisions all that were made of the records that it is given, or of some when not `complete`
 * @param complete whether every record was decided on before: then an unknown schema without a letter is one that the
 *   registry has forgotten, and 'engine-unavailable' is thrown
 */
export function createDecidedReader(
  reader: RecordReader,
  decisions: Decisions,
  { complete }: { readonly complete: boolean },
): RecordReader {
  if (decisions.size === 0 && !complete) return reader;

  function checked(scanned: ScannedRecord): ScannedRecord {
    if (complete && scanned.deadLetters.some(({ reason }) => reason === UNKNOWN)) {
      throw forgotten(scanned.offset);
    }
    return scanned;
  }

  return {
    read(record: LogRecord) {
      const { offset, timestampMs, value } = record;
      if (value !== null && decisions.has(offset)) {
        return deadRecord(offset, timestampMs, value, UNKNOWN);
      }
      const scanned = reader.read(record);
      return scanned instanceof Promise ? scanned.then(checked) : checked(scanned);
    },
  };
}

function forgotten(offset: number): SpanloomError {
  return new SpanloomError(
    'engine-unavailable',
    `the schema of the message at offset ${offset} was known when it was first read, and the registry does not know ` +
      'it any more: bring back the registry with its data',
    { retriable: true, details: { engine: 'schema-registry', offset } },
  );
}
