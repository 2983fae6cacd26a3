// The memory: the input, then what is told of the spans in it, an Int32 each in the order of {@link ScanFact}.
import { reach } from '../../wasm/wasm/memory';
import { ScanFact, ScanVerdict, UNREADABLE_FACTS } from '../src/scan-layout';

/** Where the input is to be put. */
export const INPUT: usize = 1024;
/** So much may be loaded beyond the input's end. */
const SLACK_BYTES: usize = 1024;
/** The smallest block with a size, which may hold what is no span: nothing gives more facts for a byte. */
const BLOCK_BYTES_MIN: usize = 2;
/** What is told of a span that could be read takes so much, … */
export const SPAN_FACTS_BYTES: usize = ScanFact.count * sizeof<i32>();
/** … and of what could not. */
export const UNREADABLE_FACTS_BYTES: usize = UNREADABLE_FACTS * sizeof<i32>();

/** Where the facts begin. */
export let facts: usize = 0;
/** Where those of the next span go. */
export let to: usize = 0;
/** What makes of an address here an offset of the caller's. */
export let shift: i32 = 0;

/** Makes room for so many bytes of input, and for what can be told of them at most. */
export function reserve(inputBytes: usize): void {
  facts = (INPUT + inputBytes + SLACK_BYTES) & ~(sizeof<i32>() - 1);
  // One more, and one whole: facts are written before it is known whether the span can be read.
  const room = <u64>(inputBytes / BLOCK_BYTES_MIN + 1) * UNREADABLE_FACTS_BYTES + SPAN_FACTS_BYTES;
  reach(<u64>facts + room);
}

/** Begins anew. @param offset where the input begins at the caller's */
export function begin(offset: i32): void {
  to = facts;
  shift = offset - <i32>INPUT;
}

/** Tells a header field of the span under way. */
@inline
export function tell(which: ScanFact, value: i32): void {
  store<i32>(to + <usize>which * sizeof<i32>(), value);
}

/** Tells a header field in two halves, the low one first. */
@inline
export function tellLong(which: ScanFact, value: i64): void {
  store<i64>(to + <usize>which * sizeof<i32>(), value);
}

/** Tells where a text is: `which` is the first of two. */
@inline
export function tellText(which: ScanFact, start: usize, end: usize): void {
  tell(which, <i32>start + shift);
  tell(which + 1, <i32>end + shift);
}

/** Ends the span under way, whose header fields have been told. */
@inline
export function tellSpan(verdict: ScanVerdict, start: usize, end: usize): void {
  tell(ScanFact.verdict, verdict);
  tellText(ScanFact.spanStart, start, end);
  to += SPAN_FACTS_BYTES;
}

/** Takes what has been told of the span under way back: it cannot be read. */
export function tellUnreadable(verdict: ScanVerdict, start: usize, end: usize): void {
  tell(ScanFact.verdict, verdict);
  tellText(ScanFact.spanStart, start, end);
  to += UNREADABLE_FACTS_BYTES;
}
