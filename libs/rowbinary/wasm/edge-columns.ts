// The edges that are left as columns in ClickHouse's Native format, one after the other behind everything else in memory.
import { EdgeStream } from '../src/stage-layout';
import * as buckets from './bucket-counts';
import * as table from './edge-table';
import { EDGE } from './edge-table';
import { reach } from '../../wasm/wasm/memory';
import * as heap from './heap';
import { putLength } from './texts';

export const NAMES: usize = 1024;
export const NAME_BYTES: usize = 32;
/** What a number or a length can take. */
const VALUE_BYTES: usize = 16;

/** Where the column is written on. */
let to: usize = 0;
/** Elements of a column of maps so far. */
let elements: u64 = 0;

/**
 * Writes a stream of the columns; valid until anything else is asked for.
 * @param before elements that the rows of the block before these have: where each row's end is counted from
 * @returns where it begins
 */
export function writeColumn(stream: EdgeStream, before: u32): usize {
  to = heap.free();
  elements = before;
  for (let edge = table.first; edge != 0; edge = load<u32>(edge, EDGE.next)) {
    if (table.isLeft(edge)) write(stream, edge);
  }
  return heap.free();
}

/** Where the stream that was written last ends. */
export function getColumnEnd(): usize {
  return to;
}

function write(stream: EdgeStream, edge: usize): void {
  const clientBytes: usize = load<u32>(edge, EDGE.clientBytes);
  switch (stream) {
    case EdgeStream.paneStart:
      return uint32(load<u32>(edge, EDGE.paneS));
    case EdgeStream.client:
      return text(edge + EDGE.names, clientBytes);
    case EdgeStream.server:
      return text(edge + EDGE.names + clientBytes, load<u32>(edge, EDGE.serverBytes));
    case EdgeStream.type:
      return typeName(load<u32>(edge, EDGE.type));
    case EdgeStream.calls:
      return uint64(load<u64>(edge, EDGE.calls));
    case EdgeStream.failed:
      return uint64(load<u64>(edge, EDGE.failed));
    case EdgeStream.clientNano:
      return uint64(load<u64>(edge, EDGE.clientNano));
    case EdgeStream.serverNano:
      return uint64(load<u64>(edge, EDGE.serverNano));
    default:
      return writeMap(stream, edge);
  }
}

function writeMap(stream: EdgeStream, edge: usize): void {
  const isClient = stream < EdgeStream.serverEnds;
  const counts = edge + <usize>(isClient ? EDGE.clientBuckets : EDGE.serverBuckets);
  const part = stream - (isClient ? EdgeStream.clientEnds : EdgeStream.serverEnds);
  if (part == 0) {
    elements += buckets.used(counts);
    return uint64(elements);
  }
  for (let slot: u32 = 0; slot < buckets.slots(counts); slot++) {
    const bucket = buckets.bucketAt(counts, slot);
    if (bucket < 0) continue;
    if (part == 1) uint16(bucket);
    else uint64(buckets.countAt(counts, slot));
  }
}

function uint16(value: i32): void {
  reach(to + VALUE_BYTES);
  store<u16>(to, <u16>value);
  to += 2;
}

function uint32(value: u32): void {
  reach(to + VALUE_BYTES);
  store<u32>(to, value);
  to += 4;
}

function uint64(value: u64): void {
  reach(to + VALUE_BYTES);
  store<u64>(to, value);
  to += 8;
}

function text(from: usize, bytes: usize): void {
  reach(to + bytes + VALUE_BYTES);
  to = putLength(to, bytes);
  memory.copy(to, from, bytes);
  to += bytes;
}

function typeName(type: u32): void {
  const at = NAMES + <usize>type * NAME_BYTES;
  text(at + 1, load<u8>(at));
}
