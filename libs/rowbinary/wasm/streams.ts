// The memory: how far each stream is written, then the streams, then what the caller puts in and what is found out about
// it. Each stream has a place of its own; when one might not do, all of them are handed over.
import { Name, Stream } from '../src/stage-layout';
import { reach } from '../../wasm/wasm/memory';
import * as source from './avro-source';
import { putLength } from './texts';

/** Hands over what is in the streams, and empties them by {@link clear}. */
@external('stage', 'flush')
export declare function flush(): void;

const STREAMS: usize = Stream.count;
/** Those that a span writes to. */
const SPAN_STREAMS: usize = Stream.fragmentTraceId;
/** Where each stream goes on; after that, by stream, how many elements there are in rows so far. */
export const POSITIONS: usize = 1024;
export const COUNTS: usize = POSITIONS + STREAMS * sizeof<u32>();
/** The same of the span's streams, as it was before the span under way. */
const MARKS: usize = 2048;
const MARKED_COUNTS: usize = MARKS + SPAN_STREAMS * sizeof<u32>();
/** Where each stream begins. */
export const BASES: usize = 2560;
/** Texts that the caller leaves here, by {@link Name}: length first, one every so many bytes. */
export const NAMES: usize = 2944;
export const NAME_BYTES: usize = 32;
/** Where the caller puts the trace id of a fragment. */
export const TRACE_ID: usize = NAMES + <usize>Name.count * NAME_BYTES;
const PLACES: usize = 4096;

/** Spans that are larger are not read. Those that are taken into the pipeline have half as much. */
export const SPAN_BYTES_MAX: usize = 1024 * 1024;
/** So many bytes of spans become rows before the streams are handed over: what is written stays in the processor's cache. */
const HELD_BYTES: usize = 128 * 1024;
/** So much may be copied beyond a text's end. */
const SLACK_BYTES: usize = 512;
/** What a span, a text or the numbers of a list can take, on top of what is held. */
const PLACE_BYTES: usize = HELD_BYTES + SPAN_BYTES_MAX + SLACK_BYTES;
/** Places of streams begin this much further in the pages of memory than the one before: else all would share lines of the cache. */
const APART_BYTES: usize = 576;
const PAGE_BYTES: usize = 4096;
/** The smallest event takes 3 bytes, and 8 in each of two streams; nothing else that a span writes grows. */
const GROWTH_MAX: usize = 3;
/** A call's record has the names of two spans' services. */
const CALL_NAMES: usize = 2;
/** Rows of fragments that are held at most: none takes more than 33 bytes of a stream, but for texts and lists. */
const FRAGMENTS_MAX: i32 = 4096;

/** Where all streams' places end: the caller's bytes begin there. */
export let inputAt: usize = 0;
/** Bytes of spans whose rows are here. */
let held: usize = 0;
/** Fragments whose rows are here. */
let fragments: i32 = 0;

/** Lays the streams out. Pages of their places that are never written take no memory. */
export function layStreams(): void {
  if (__data_end > POSITIONS) unreachable(); // what the compiler lays out itself comes first
  let place = PLACES;
  for (let stream: usize = 0; stream < STREAMS; stream++) {
    place = ((place + PAGE_BYTES) & ~(PAGE_BYTES - 1)) + ((stream * APART_BYTES) & (PAGE_BYTES - 1));
    store<u32>(BASES + stream * sizeof<u32>(), <u32>place);
    if (stream == Stream.eventTimes || stream == Stream.eventAttributeEnds) place += PLACE_BYTES * GROWTH_MAX;
    else place += PLACE_BYTES * (stream == Stream.calls ? CALL_NAMES : 1);
  }
  inputAt = (place + PAGE_BYTES) & ~(PAGE_BYTES - 1);
  reachBehind(inputAt);
  clear();
}

/** Lets the memory go up to `end` at least, and to what may be read behind it. */
export function reachBehind(end: usize): void {
  reach(end + SLACK_BYTES);
}

/** Begins all streams anew. */
export function clear(): void {
  memory.copy(POSITIONS, BASES, STREAMS * sizeof<u32>());
  held = 0;
  fragments = 0;
}

/** Before a span: makes room for it, and remembers what it changes. */
export function mark(): void {
  if (held >= HELD_BYTES) flush();
  memory.copy(MARKS, POSITIONS, SPAN_STREAMS * sizeof<u32>());
  memory.copy(MARKED_COUNTS, COUNTS, SPAN_STREAMS * sizeof<u64>());
}

/** Takes the span under way back. */
export function undo(): void {
  memory.copy(POSITIONS, MARKS, SPAN_STREAMS * sizeof<u32>());
  memory.copy(COUNTS, MARKED_COUNTS, SPAN_STREAMS * sizeof<u64>());
}

/** Says that a span of so many bytes has its row. */
export function keep(bytes: usize): void {
  held += bytes;
}

/** Before a fragment's row: makes room for all that has a fixed size. */
export function beginFragment(): void {
  if (fragments == FRAGMENTS_MAX) flush();
  fragments++;
}

/** Makes room for so many bytes in a stream of fragments: at most what a place has room for. */
export function room(stream: Stream, bytes: usize): void {
  const base: usize = load<u32>(BASES + <usize>stream * sizeof<u32>());
  if (position(stream) + bytes > base + PLACE_BYTES - SLACK_BYTES) flush();
}

@inline
export function position(stream: Stream): usize {
  return load<u32>(POSITIONS + <usize>stream * sizeof<u32>());
}

@inline
export function moveTo(stream: Stream, place: usize): void {
  store<u32>(POSITIONS + <usize>stream * sizeof<u32>(), <u32>place);
}

@inline
export function uint8(stream: Stream, value: u32): void {
  const to = position(stream);
  store<u8>(to, <u8>value);
  moveTo(stream, to + 1);
}

@inline
export function uint16(stream: Stream, value: u32): void {
  const to = position(stream);
  store<u16>(to, <u16>value);
  moveTo(stream, to + 2);
}

@inline
export function uint32(stream: Stream, value: u32): void {
  const to = position(stream);
  store<u32>(to, value);
  moveTo(stream, to + 4);
}

@inline
export function uint64(stream: Stream, value: u64): void {
  const to = position(stream);
  store<u64>(to, value);
  moveTo(stream, to + 8);
}

/** Where the elements of one more row, or of one more array in it, end. */
export function end(stream: Stream, elements: u64): void {
  const at = COUNTS + <usize>stream * sizeof<u64>();
  const sum = load<u64>(at) + elements;
  store<u64>(at, sum);
  uint64(stream, sum);
}

/** Where the text number `index` is of those that the caller left: its length, then it. */
@inline
export function nameAt(index: usize): usize {
  return NAMES + index * NAME_BYTES;
}

/** The text number `index` of those that the caller left. */
@inline
export function name(stream: Stream, index: usize): void {
  const from = nameAt(index);
  const to = position(stream);
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  moveTo(stream, to + 1 + load<u8>(from));
}

/** `bytes` bytes, 8 or 16, as a String of hex. */
@inline
export function hex(stream: Stream, from: usize, bytes: usize): void {
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
export function empty(stream: Stream): void {
  uint8(stream, 0);
}

/** The Avro string that the source is at; gives how many bytes it has. */
export function text(stream: Stream): usize {
  const bytes = source.size();
  moveTo(stream, copyText(position(stream), bytes));
  return bytes;
}

/** A text from anywhere, to a stream of fragments. */
export function textOf(stream: Stream, from: usize, bytes: usize): void {
  room(stream, bytes + 8);
  moveTo(stream, copyBytes(putLength(position(stream), bytes), from, bytes));
}

/** A map of strings, in however many blocks it comes, to the streams from `ends` on. */
export function map(ends: Stream): void {
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

/** Copies the source's next bytes with their length before them; gives the place after them. */
function copyText(to: usize, bytes: usize): usize {
  const end = copyBytes(putLength(to, bytes), source.at, bytes);
  source.moveTo(source.at + bytes);
  return end;
}

/** Gives the place after the copy. */
@inline
function copyBytes(to: usize, from: usize, bytes: usize): usize {
  if (bytes < 64) copyShort(to, from, bytes);
  else memory.copy(to, from, bytes);
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
