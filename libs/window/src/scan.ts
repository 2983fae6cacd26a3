import {
  readWireHeader,
  SCAN_BAD,
  SCAN_CORRUPT,
  SCAN_END,
  SpanScanner,
  WIRE_HEADER_BYTES,
} from '@spanloom/avro';

/** Spans of one trace in one record, in order. */
export interface ScannedSpans {
  /** The trace id's 16 bytes as a Latin-1 text. */
  readonly key: string;
  readonly schemaId: number;
  /** The spans' Avro bytes, joined: a copy, so that the record's buffer can go. */
  readonly bytes: Buffer;
  readonly lengths: number[];
  /** One of them has no parent. */
  readonly root: boolean;
}

/** A span, or a whole record, that cannot be processed. */
export interface ScannedDeadLetter {
  /** Position of the span in the record; -1 for the record or what is left of it. */
  readonly index: number;
  readonly reason: string;
  readonly raw: Buffer;
  readonly schemaId: number;
}

/** A record of `spans` ready for the reducer. */
export interface ScannedRecord {
  readonly offset: number;
  /** Append time in whole seconds. */
  readonly clockS: number;
  readonly traces: readonly ScannedSpans[];
  readonly deadLetters: readonly ScannedDeadLetter[];
  /** Spans, good or bad, and one for what cannot be read at all. */
  readonly received: number;
}

const scanner = new SpanScanner();

interface Gathering {
  readonly ranges: number[];
  root: boolean;
}

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
  if (value === null) return { offset, clockS, traces: [], deadLetters: [], received: 0 };
  const header = readWireHeader(value);
  if (header === null) return deadRecord(offset, timestampMs, value, 'not-avro');
  const { schemaId } = header;
  const gathered = new Map<string, Gathering>();
  const deadLetters: ScannedDeadLetter[] = [];
  let received = 0;
  scanner.reset(value, WIRE_HEADER_BYTES, value.length);
  for (let found = scanner.next(); found !== SCAN_END; found = scanner.next()) {
    const index = received++;
    if (found === SCAN_BAD || found === SCAN_CORRUPT) {
      const { reason, spanStart, spanEnd } = scanner;
      // Nobody knows what is left of a message without its beginning: it is kept whole.
      deadLetters.push(
        found === SCAN_BAD
          ? { index, reason, raw: Buffer.from(value.subarray(spanStart, spanEnd)), schemaId }
          : { index: -1, reason, raw: Buffer.from(value), schemaId },
      );
      continue;
    }
    const key = value.toString('latin1', scanner.traceIdAt, scanner.traceIdAt + 16);
    let spans = gathered.get(key);
    if (spans === undefined) {
      spans = { ranges: [], root: false };
      gathered.set(key, spans);
    }
    spans.ranges.push(scanner.spanStart, scanner.spanEnd);
    if (!scanner.hasParent) spans.root = true;
  }
  const traces: ScannedSpans[] = [];
  for (const [key, spans] of gathered) traces.push(copySpans(value, key, schemaId, spans));
  return { offset, clockS, traces, deadLetters, received };
}

function copySpans(
  value: Buffer,
  key: string,
  schemaId: number,
  { ranges, root }: Gathering,
): ScannedSpans {
  const lengths: number[] = [];
  let total = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const length = (ranges[i + 1] as number) - (ranges[i] as number);
    lengths.push(length);
    total += length;
  }
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    at += value.copy(bytes, at, ranges[i], ranges[i + 1]);
  }
  return { key, schemaId, bytes, lengths, root };
}

/** A record that is one dead letter as a whole. */
export function deadRecord(
  offset: number,
  timestampMs: number,
  value: Buffer,
  reason: string,
): ScannedRecord {
  return {
    offset,
    clockS: Math.floor(timestampMs / 1000),
    traces: [],
    deadLetters: [{ index: -1, reason, raw: Buffer.from(value), schemaId: 0 }],
    received: 1,
  };
}
