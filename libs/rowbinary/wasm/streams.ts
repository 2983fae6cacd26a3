// The memory: how far each stream is written, then the input, what is told of each span, and the streams. Each has a
// place that it can't outgrow, so that nothing here asks for room.
import { SpanFact, SpanStream } from '../src/span-layout';
import * as source from './avro-source';

const STREAMS: usize = SpanStream.count;
/** Where each stream goes on; after that, by stream, how many elements there are in rows so far. */
export const POSITIONS: usize = 1024;
export const COUNTS: usize = POSITIONS + STREAMS * sizeof<u32>();
const STATE_BYTES: usize = STREAMS * (sizeof<u32>() + sizeof<u64>());
/** The same as it was before the span under way. */
const MARKS: usize = 2048;
/** Where each stream begins. */
export const BASES: usize = 3072;
/** Texts of columns that have few, length first, one every so many bytes. */
export const NAMES: usize = 3328;
export const NAME_BYTES: usize = 32;
const INPUT: usize = 4096;

/** So much may be copied beyond a text's end. */
const SLACK_BYTES: usize = 512;
/** Places of streams begin this much further in the pages of memory than the one before: else all would share lines of the cache. */
const APART_BYTES: usize = 576;
const PAGE_BYTES: usize = 4096;
/** The smallest span, without any text. */
const SPAN_BYTES_MIN: usize = 47;
/** The smallest event takes 3 bytes, and 8 in each of two streams; nothing else grows. */
const GROWTH_MAX: usize = 3;

/** What is told of spans: {@link SpanFact}, span by span. */
export let facts: usize = 0;

/** Makes room for so many bytes of input, with nothing in the streams; gives where the input is to be put. */
export function reserve(inputBytes: usize): usize {
  facts = (INPUT + inputBytes + SLACK_BYTES) & ~(sizeof<i32>() - 1);
  let place = facts + (inputBytes / SPAN_BYTES_MIN + 1) * SpanFact.count * sizeof<i32>();
  for (let stream: usize = 0; stream < STREAMS; stream++) {
    place = ((place + PAGE_BYTES) & ~(PAGE_BYTES - 1)) + ((stream * APART_BYTES) & (PAGE_BYTES - 1));
    store<u32>(BASES + stream * sizeof<u32>(), <u32>place);
    const grows = stream == SpanStream.eventTimes || stream == SpanStream.eventAttributeEnds;
    place += inputBytes * (grows ? GROWTH_MAX : 1) + SLACK_BYTES;
  }
  const pages = <i32>((place + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
  clear();
  return INPUT;
}

/** Begins all streams anew. */
export function clear(): void {
  memory.copy(POSITIONS, BASES, STREAMS * sizeof<u32>());
}

/** Remembers what a span changes. */
export function mark(): void {
  memory.copy(MARKS, POSITIONS, STATE_BYTES);
}

/** Takes the span under way back. */
export function undo(): void {
  memory.copy(POSITIONS, MARKS, STATE_BYTES);
}

@inline
function position(stream: SpanStream): usize {
  return load<u32>(POSITIONS + <usize>stream * sizeof<u32>());
}

@inline
function moveTo(stream: SpanStream, place: usize): void {
  store<u32>(POSITIONS + <usize>stream * sizeof<u32>(), <u32>place);
}

@inline
export function uint16(stream: SpanStream, value: u32): void {
  const to = position(stream);
  store<u16>(to, <u16>value);
  moveTo(stream, to + 2);
}

@inline
export function uint32(stream: SpanStream, value: u32): void {
  const to = position(stream);
  store<u32>(to, value);
  moveTo(stream, to + 4);
}

@inline
export function uint64(stream: SpanStream, value: u64): void {
  const to = position(stream);
  store<u64>(to, value);
  moveTo(stream, to + 8);
}

/** Where the elements of one more row, or of one more array in it, end. */
export function end(stream: SpanStream, elements: u64): void {
  const at = COUNTS + <usize>stream * sizeof<u64>();
  const sum = load<u64>(at) + elements;
  store<u64>(at, sum);
  uint64(stream, sum);
}

/** The text number `index` of those that the caller left. */
@inline
export function name(stream: SpanStream, index: usize): void {
  const from = NAMES + index * NAME_BYTES;
  const to = position(stream);
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  moveTo(stream, to + 1 + load<u8>(from));
}

/** `bytes` bytes, 8 or 16, as a String of hex. */
@inline
export function hex(stream: SpanStream, from: usize, bytes: usize): void {
  const to = position(stream);
  store<u8>(to, <u8>(bytes * 2));
  const all = v128.load(from);
  const high = v128.shr<u8>(all, 4);
  const low = v128.and(all, i8x16.splat(15));
  const first = v128.shuffle<u8>(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  v128.store(to, v128.swizzle(digits(), first), 1);
  if (bytes > 8) {
    const second = v128.shuffle<u8>(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v128.store(to, v128.swizzle(digits(), second), 17);
  }
  moveTo(stream, to + 1 + bytes * 2);
}

@inline
function digits(): v128 {
  return i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102);
}

/** An empty String. */
@inline
export function empty(stream: SpanStream): void {
  const to = position(stream);
  store<u8>(to, 0);
  moveTo(stream, to + 1);
}

/** The Avro string that the source is at; gives how many bytes it has. */
export function text(stream: SpanStream): usize {
  const bytes = source.size();
  moveTo(stream, copyText(position(stream), bytes));
  return bytes;
}

/** A map of strings, in however many blocks it comes, to the streams from `ends` on. */
export function map(ends: SpanStream): void {
  let keyTo = position(ends + 1);
  let valueTo = position(ends + 2);
  let pairs: u64 = 0;
  for (let count = source.blockCount(); count > 0; count = source.blockCount()) {
    pairs += count;
    for (let left = count; left > 0 && !source.broken; left--) {
      const at = source.at;
      const key = load<u8>(at);
      const between = at + 1 + (key >>> 1);
      const value = load<u8>(between);
      const next = between + 1 + (value >>> 1);
      // Both are short, as nearly all are: lengths in one byte.
      if (((key | value) & 0x81) == 0 && next <= source.end) {
        store<u8>(keyTo, key >>> 1);
        copyShort(keyTo + 1, at + 1, key >>> 1);
        keyTo += 1 + (key >>> 1);
        store<u8>(valueTo, value >>> 1);
        copyShort(valueTo + 1, between + 1, value >>> 1);
        valueTo += 1 + (value >>> 1);
        source.moveTo(next);
      } else {
        keyTo = copyText(keyTo, source.size());
        valueTo = copyText(valueTo, source.size());
      }
    }
  }
  moveTo(ends + 1, keyTo);
  moveTo(ends + 2, valueTo);
  end(ends, pairs);
}

/** Copies the source's next bytes with their length as LEB128 before them; gives the place after them. */
function copyText(to: usize, bytes: usize): usize {
  let left = bytes;
  while (left > 127) {
    store<u8>(to++, <u8>left | 128);
    left >>>= 7;
  }
  store<u8>(to++, <u8>left);
  if (bytes < 64) copyShort(to, source.at, bytes);
  else memory.copy(to, source.at, bytes);
  source.moveTo(source.at + bytes);
  return to + bytes;
}

/** Fewer than 64 bytes, and what follows them. */
@inline
function copyShort(to: usize, from: usize, bytes: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  if (bytes > 32) {
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
  }
}
