// Gathers calls by edge of the service graph and minute, and gives them as columns: what is exported is what
// ../src/call-edges.ts calls.
import { CALL } from '../src/stage-layout';
import * as buckets from './bucket-counts';
import * as table from './edge-table';
import { EDGE } from './edge-table';
import * as heap from './heap';

export { setSeed } from './edge-table';
export { getColumnEnd, writeColumn } from './edge-columns';

/** Names of the types of connections, as the caller leaves them: length first, one every so many bytes. */
export { NAMES, NAME_BYTES } from './edge-columns';
/** Where records of calls are put. */
export const INBOX: usize = 4096;
/** As many bytes of them as are handed over at a time: one record can have two names of almost 1 MiB. */
const INBOX_BYTES: usize = 2304 * 1024;

/** Forgets all calls. */
export function clear(): void {
  heap.open(INBOX + INBOX_BYTES);
  table.clear();
}

/** How many edges and minutes there are of which anything is left. */
export function countLeft(): u32 {
  let left: u32 = 0;
  for (let edge = table.first; edge != 0; edge = load<u32>(edge, EDGE.next)) {
    if (table.isLeft(edge)) left++;
  }
  return left;
}

export function getCount(): u32 {
  return table.count;
}

/** Bytes that the calls take here. */
export function getBytes(): usize {
  return heap.taken();
}

/** Adds the calls whose records are in the inbox. */
export function addCalls(bytes: usize): void {
  const end = INBOX + bytes;
  for (let at = INBOX; at < end; ) {
    const clientBytes = load<u32>(at, CALL.clientBytes);
    const serverBytes = load<u32>(at, CALL.serverBytes);
    const edge = table.find(
      at + CALL.texts,
      clientBytes,
      serverBytes,
      load<u8>(at, CALL.type),
      load<u32>(at, CALL.paneS),
    );
    const weight: i32 = load<i16>(at, CALL.weight);
    store<i64>(edge, load<i64>(edge, EDGE.calls) + weight, EDGE.calls);
    const failed = load<u8>(at, CALL.failed) == 0 ? 0 : weight;
    store<i64>(edge, load<i64>(edge, EDGE.failed) + failed, EDGE.failed);
    addSide(edge, EDGE.clientNano, EDGE.clientBuckets, load<f64>(at, CALL.clientNano), weight);
    addSide(edge, EDGE.serverNano, EDGE.serverBuckets, load<f64>(at, CALL.serverNano), weight);
    at += (<usize>CALL.texts + clientBytes + serverBytes + 7) & ~7;
  }
}

@inline
function addSide(edge: usize, sum: usize, counts: usize, nano: f64, weight: i32): void {
  if (nano < 0) return;
  store<f64>(edge + sum, load<f64>(edge + sum) + nano * weight);
  buckets.add(edge + counts, buckets.bucketOf(nano), weight);
}
