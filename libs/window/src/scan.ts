import {
  readWireHeader,
  SCAN_BAD,
  SCAN_CORRUPT,
  SCAN_END,
  SpanScanner,
  WIRE_HEADER_BYTES,
} from '@spanloom/avro';

/** A span, or a whole record, that cannot be processed. */
export interface ScannedDeadLetter {
  /** Position of the span in the record; -1 for the record or what is left of it. */
  readonly index: number;
  readonly reason: string;
  readonly raw: Buffer;
  readonly schemaId: number;
}

/** Numbers per span in {@link ScannedRecord.spans}: start, end, kind, and 1 when it has no parent. */
export const SCANNED_SPAN = 4;

/** A record of `spans` ready for the reducer. It shows into the record's value: keep both or none. */
export interface ScannedRecord {
  readonly offset: number;
  /** Append time in whole seconds. */
  readonly clockS: number;
  readonly value: Buffer;
  readonly schemaId: number;
  /** The good spans in order, {@link SCANNED_SPAN} numbers each: where in `value` they are. */
  readonly spans: Int32Array;
  readonly deadLetters: readonly ScannedDeadLetter[];
  /** Spans, good or bad, and one for what cannot be read at all. */
  readonly received: number;
}

const NO_BYTES = Buffer.alloc(0);
const NO_SPANS = new Int32Array(0);
const NO_LETTERS: readonly ScannedDeadLetter[] = [];
const scanner = new SpanScanner();
let found = new Int32Array(SCANNED_SPAN * 256);

/**
 * Reads a value of the topic `spans` in the canonical layout. Never throws: what is wrong comes back
 * as dead letters.
 * @param value null for a tick
 */
export function scanRecord(
  offset: number,
  timestampMs: number,
  value: Buffer | null,
): ScannedRecord {
  const clockS = Math.floor(timestampMs / 1000);
  if (value === null) return empty(offset, clockS, NO_LETTERS, 0);
  const header = readWireHeader(value);
  if (header === null) return deadRecord(offset, timestampMs, value, 'not-avro');
  const { schemaId } = header;
  let deadLetters: ScannedDeadLetter[] | null = null;
  let received = 0;
  let at = 0;
  scanner.reset(value, WIRE_HEADER_BYTES, value.length);
  for (let what = scanner.next(); what !== SCAN_END; what = scanner.next()) {
    const index = received++;
    if (what === SCAN_BAD || what === SCAN_CORRUPT) {
      deadLetters ??= [];
      deadLetters.push(letterOf(value, index, what === SCAN_CORRUPT, schemaId));
      continue;
    }
    if (at === found.length) found = grown(found);
    found[at] = scanner.spanStart;
    found[at + 1] = scanner.spanEnd;
    found[at + 2] = scanner.kind;
    found[at + 3] = scanner.hasParent ? 0 : 1;
    at += SCANNED_SPAN;
  }
  return {
    offset,
    clockS,
    value,
    schemaId,
    spans: found.slice(0, at),
    deadLetters: deadLetters ?? NO_LETTERS,
    received,
  };
}

/** What the scanner stands at. Nobody knows what is left of a message without its beginning: it is kept whole. */
function letterOf(
  value: Buffer,
  index: number,
  corrupt: boolean,
  schemaId: number,
): ScannedDeadLetter {
  const { reason, spanStart, spanEnd } = scanner;
  if (corrupt) return { index: -1, reason, raw: Buffer.from(value), schemaId };
  return { index, reason, raw: Buffer.from(value.subarray(spanStart, spanEnd)), schemaId };
}

function grown(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}

function empty(
  offset: number,
  clockS: number,
  deadLetters: readonly ScannedDeadLetter[],
  received: number,
): ScannedRecord {
  return { offset, clockS, value: NO_BYTES, schemaId: 0, spans: NO_SPANS, deadLetters, received };
}

/** A record that is one dead letter as a whole. */
export function deadRecord(
  offset: number,
  timestampMs: number,
  value: Buffer,
  reason: string,
): ScannedRecord {
  const letter = { index: -1, reason, raw: Buffer.from(value), schemaId: 0 };
  return empty(offset, Math.floor(timestampMs / 1000), [letter], 1);
}
