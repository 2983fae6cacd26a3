import type { StoredClosed, StoredContents, StoredSegment } from './journal-format';

/** The fields of a partition's head that a reader needs, in the order of {@link readHead}. */
export const HEAD_FIELDS = ['applied', 'seq', 'clock', 'contents'] as const;

/** More segments or blocks than any journal writes. */
const LISTED_MAX = 10_000;

/** Where a partition's windows in a store stand. */
export interface StoredHead {
  /** Offset of the next record to apply. */
  readonly applied: number;
  readonly seq: number;
  /** The log clock, s. */
  readonly clockS: number;
  readonly contents: StoredContents;
}

/**
 * Reads a head that somebody else may be writing, or has damaged.
 * @param fields the values of {@link HEAD_FIELDS}, null where there is none
 * @returns null when there is no head; 'unreadable' when it is not one of ours
 */
export function readHead(fields: readonly (string | null)[]): StoredHead | 'unreadable' | null {
  const [applied, seq, clock, contents] = fields;
  if (applied === null || applied === undefined) return null;
  const read = contentsOf(contents ?? '');
  const [at, sequence, clockS] = [applied, seq ?? '', clock ?? ''].map(wholeOf);
  if (read === null || !isWhole(at) || !isWhole(sequence) || !isWhole(clockS)) return 'unreadable';
  return { applied: at, seq: sequence, clockS, contents: read };
}

function wholeOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

type Numbers<T> = readonly (keyof T & string)[];

const SEGMENT: Numbers<StoredSegment> = ['number', 'table_bytes', 'bytes'];
const CLOSED: Numbers<StoredClosed> = ['number', 'bytes', 'firstClosedAtS', 'lastClosedAtS'];
const TOTALS: Numbers<StoredContents> = ['last_segment', 'last_closed', 'windows', 'spans'];

function contentsOf(json: string): StoredContents | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  if (!hasNumbers(value, TOTALS) || value.v !== 2) return null;
  const sized = (segment: unknown): boolean =>
    hasNumbers(segment, SEGMENT) && (segment.table_bytes as number) <= (segment.bytes as number);
  const listed = (list: unknown, fits: (item: unknown) => boolean): boolean =>
    Array.isArray(list) && list.length <= LISTED_MAX && list.every(fits);
  const whole =
    listed(value.segments, sized) && listed(value.closed, (block) => hasNumbers(block, CLOSED));
  return whole ? (value as unknown as StoredContents) : null;
}

function hasNumbers(
  value: unknown,
  names: readonly string[],
): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => isWhole((value as Readonly<Record<string, unknown>>)[name]));
}
