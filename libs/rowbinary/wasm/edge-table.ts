// Edges of the service graph by their two names, type and minute, in the order in which they came.
import * as buckets from './bucket-counts';
import * as heap from './heap';
import { areSame } from './texts';

/** Where the fields of an edge are, in bytes. */
export enum EDGE {
  next = 0,
  hash = 4,
  paneS = 8,
  type = 12,
  clientBytes = 16,
  serverBytes = 20,
  calls = 24,
  failed = 32,
  clientNano = 40,
  serverNano = 48,
  clientBuckets = 56,
  serverBuckets = 68,
  names = 80,
}

const SLOTS_FIRST: u32 = 256;

/** The first edge, 0 without one; each names the next. */
export let first: usize = 0;
export let count: u32 = 0;

let last: usize = 0;
let slots: u32 = 0;
let table: usize = 0;
let seed: u64 = 0;

/** Names are the senders' choice; a number that they do not know keeps them from choosing the same slots. */
export function setSeed(to: u64): void {
  seed = to;
}

/** Forgets all edges: the heap must have been opened anew. */
export function clear(): void {
  first = last = 0;
  count = 0;
  slots = SLOTS_FIRST;
  table = heap.takeZeros(<usize>slots * sizeof<u32>());
}

/** The edge of those names (one after the other in memory), type and minute; begun if there is none. */
export function find(names: usize, clientBytes: u32, serverBytes: u32, type: u32, paneS: u32): usize {
  const bytes = <usize>clientBytes + <usize>serverBytes;
  const hash = hashOf(names, bytes, ((<u64>paneS) << 32) | (clientBytes << 3) | type);
  const mask = slots - 1;
  let slot = hash & mask;
  for (; ; slot = (slot + 1) & mask) {
    const edge: usize = load<u32>(table + ((<usize>slot) << 2));
    if (edge == 0) break;
    if (
      load<u32>(edge, EDGE.hash) == hash &&
      load<u32>(edge, EDGE.paneS) == paneS &&
      load<u32>(edge, EDGE.type) == type &&
      load<u32>(edge, EDGE.clientBytes) == clientBytes &&
      load<u32>(edge, EDGE.serverBytes) == serverBytes &&
      areSame(edge + EDGE.names, names, bytes)
    )
      return edge;
  }
  const edge = heap.takeZeros(<usize>EDGE.names + bytes + 8);
  store<u32>(edge, hash, EDGE.hash);
  store<u32>(edge, paneS, EDGE.paneS);
  store<u32>(edge, type, EDGE.type);
  store<u32>(edge, clientBytes, EDGE.clientBytes);
  store<u32>(edge, serverBytes, EDGE.serverBytes);
  memory.copy(edge + EDGE.names, names, bytes);
  append(edge, slot);
  return edge;
}

function append(edge: usize, slot: u32): void {
  if (last == 0) first = edge;
  else store<u32>(last, <u32>edge, EDGE.next);
  last = edge;
  store<u32>(table + ((<usize>slot) << 2), <u32>edge);
  if (++count * 2 > slots) grow();
}

function grow(): void {
  slots *= 2;
  table = heap.takeZeros(<usize>slots * sizeof<u32>());
  const mask = slots - 1;
  for (let edge = first; edge != 0; edge = load<u32>(edge, EDGE.next)) {
    let slot = load<u32>(edge, EDGE.hash) & mask;
    while (load<u32>(table + ((<usize>slot) << 2)) != 0) slot = (slot + 1) & mask;
    store<u32>(table + ((<usize>slot) << 2), <u32>edge);
  }
}

/** Bytes behind the names may be looked at. */
function hashOf(from: usize, bytes: usize, also: u64): u32 {
  let hash = mixed(seed ^ also, bytes);
  let i: usize = 0;
  for (; i + 8 <= bytes; i += 8) hash = mixed(hash, load<u64>(from + i));
  const left = (bytes - i) * 8;
  if (left > 0) hash = mixed(hash, load<u64>(from + i) << (64 - left));
  return <u32>(hash >>> 32);
}

@inline
function mixed(hash: u64, word: u64): u64 {
  const product = (hash ^ word) * 0x9e3779b97f4a7c15;
  return (product ^ (product >>> 32)) * 0xd6e8feb86659fd93;
}

/** Whether there is anything of an edge, after all that was taken out again. */
export function isLeft(edge: usize): bool {
  return (
    load<i64>(edge, EDGE.calls) != 0 ||
    load<i64>(edge, EDGE.failed) != 0 ||
    load<f64>(edge, EDGE.clientNano) != 0 ||
    load<f64>(edge, EDGE.serverNano) != 0 ||
    buckets.used(edge + EDGE.clientBuckets) > 0 ||
    buckets.used(edge + EDGE.serverBuckets) > 0
  );
}
