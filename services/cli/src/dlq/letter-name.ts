import { SpanloomError } from '@spanloom/runtime';

/** What names a dead letter. */
export interface LetterName {
  /** Full name of the topic, prefix included. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Position of the span in its message; -1 for the message or what is left of it. */
  readonly index: number;
}

const NAME = /^(.+)\/(\d{1,5})@(\d{1,16})(?:#(-1|\d{1,9}))?$/;

/** `spans/3@42#0`: the form in which letters are named on the command line and in headers. */
export function formatName({ topic, partition, offset, index }: LetterName): string {
  return `${topic}/${partition}@${offset}#${index}`;
}

/** Reads a name; without `#index` it is the whole message. SpanloomError('usage') shows the form. */
export function parseName(text: string): LetterName {
  const [, topic, partition, offset, index = '-1'] = NAME.exec(text) ?? [];
  if (topic === undefined) {
    throw new SpanloomError(
      'usage',
      `"${text}" names no dead letter: it should look like spans/3@42#0, as "spanloom dlq list" shows them`,
    );
  }
  return { topic, partition: Number(partition), offset: Number(offset), index: Number(index) };
}

/** Names as four parallel arrays: parameters for {@link NAMED}. */
export function nameParameters(names: readonly LetterName[]): Record<string, unknown> {
  return {
    topics: names.map(({ topic }) => topic),
    partitions: names.map(({ partition }) => partition),
    offsets: names.map(({ offset }) => offset),
    indexes: names.map(({ index }) => index),
  };
}

/** SQL condition: the row's letter is one of {@link nameParameters}. */
export const NAMED = `(Topic, Partition, Offset, SpanIndex) IN (
  SELECT name.1, name.2, name.3, name.4 FROM (
    SELECT arrayJoin(arrayZip({topics:Array(String)}, {partitions:Array(UInt16)},
      {offsets:Array(UInt64)}, {indexes:Array(Int32)})) AS name))`;
