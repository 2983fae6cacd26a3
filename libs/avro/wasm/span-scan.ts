// Finds the spans of a `SpanBatch` body, or spans that follow each other without block headers.
import { ScanVerdict } from '../src/scan-layout';
import * as places from './avro-places';
import * as facts from './scan-facts';
import { hashSpans } from './span-hashes';
import { readSpan, SPAN_BYTES_MIN, verdict } from './span-reader';

export { INPUT, reserve } from './scan-facts';

let sentAtUnixMs: f64 = 0;
let unreadSpans: f64 = 0;

/** Where the facts of what was scanned last begin. */
export function getFacts(): usize {
  return facts.facts;
}

/** The batch's `sent_at_unix_ms`; 0 when it cannot be read. */
export function getSentAtUnixMs(): f64 {
  return sentAtUnixMs;
}

/** Spans from the corrupt place on in a block without a size; 0 when a block begins there. */
export function getUnreadSpans(): f64 {
  return unreadSpans;
}

/**
 * Scans the `SpanBatch` body that lies in the first so many bytes of the input.
 * @param offset where it begins at the caller's
 * @returns where the facts end
 */
export function scanBatch(bytes: usize, offset: i32): usize {
  const end = begin(bytes, offset);
  let at = places.long(facts.INPUT, end);
  if (at <= end) sentAtUnixMs = <f64>places.value;
  else at = end;
  while (true) {
    const blockAt = at;
    at = places.long(at, end);
    const count = places.value;
    if (count < 0) {
      at = places.long(at, end);
      const size = <u64>places.value;
      if (at > end || size > <u64>(end - at)) return corrupt(blockAt, end);
      scanSized(at, at + <usize>size, <u64>-count);
      at += <usize>size;
    } else if (at > end || <u64>count > (end - at) / SPAN_BYTES_MIN) {
      return corrupt(blockAt, end);
    } else if (count == 0) {
      return at == end ? facts.to : corrupt(blockAt, end);
    } else {
      at = scanUnsized(at, end, <usize>count);
      if (at > end) return facts.to;
    }
  }
}

/** Scans spans that follow each other without block headers; else like {@link scanBatch}. */
export function scanRaw(bytes: usize, offset: i32): usize {
  const end = begin(bytes, offset);
  for (let at = facts.INPUT; at < end; ) at = scanUnsized(at, end, 1);
  return facts.to;
}

/** Adds hashes to what was told by the last scan. */
export function addHashes(): void {
  hashSpans(facts.facts, facts.to, facts.shift);
}

function begin(bytes: usize, offset: i32): usize {
  facts.begin(offset);
  sentAtUnixMs = 0;
  unreadSpans = 0;
  return facts.INPUT + bytes;
}

function corrupt(at: usize, end: usize): usize {
  facts.tellUnreadable(ScanVerdict.corrupt, at, end);
  return facts.to;
}

/** Spans that must take all up to `end`: one that cannot be read costs the others behind it. */
function scanSized(start: usize, end: usize, count: u64): void {
  let at = start;
  for (let left = count; left > 0; left--) {
    const next = readSpan(at, end);
    if (next > end || (left == 1 && next != end)) return facts.tellUnreadable(ScanVerdict.malformed, at, end);
    facts.tellSpan(verdict, at, next);
    at = next;
  }
}

/** Gives where the spans end; a place beyond `end` when one cannot be read: then nothing behind it can be found. */
function scanUnsized(start: usize, end: usize, count: usize): usize {
  let at = start;
  for (let left = count; left > 0; left--) {
    const next = readSpan(at, end);
    if (next > end) {
      unreadSpans = <f64>left;
      facts.tellUnreadable(ScanVerdict.corrupt, at, end);
      return next;
    }
    facts.tellSpan(verdict, at, next);
    at = next;
  }
  return at;
}
