// Counts by bucket of libs/sketch: open-addressing tables of pairs, bucket + 1 and count. Each is described by three words:
// where it is, its slots, and how many buckets were counted, also those whose count came back to 0.
import * as heap from './heap';

/** Bytes of what describes a table; all 0 is an empty one. */
export const TABLE_BYTES: usize = 12;

const SLOTS_FIRST: u32 = 16;
const SUB_BITS: i64 = 6;
/** The last bucket: what is 2^63 or more falls into it. */
const BUCKET_MAX: i32 = 56 * 64 + 2 * 64 - 1;
const NANO_MAX: f64 = 9223372036854775808.0;

/** The bucket of a duration in ns, not negative: the same as bucketIndex of libs/sketch. */
export function bucketOf(nano: f64): i32 {
  if (nano >= NANO_MAX) return BUCKET_MAX;
  const value = <i64>nano;
  if (value < 64) return <i32>value;
  const shift = 63 - SUB_BITS - clz(value);
  return <i32>((shift << SUB_BITS) + (value >>> shift));
}

/** Adds to a bucket's count. */
export function add(table: usize, bucket: i32, weight: i32): void {
  if (load<u32>(table) == 0) begin(table, SLOTS_FIRST);
  const at = placeOf(table, bucket);
  store<i32>(at, load<i32>(at, 4) + weight, 4);
  if (load<i32>(at) != 0) return;
  store<i32>(at, bucket + 1);
  const size = load<u32>(table, 8) + 1;
  store<u32>(table, size, 8);
  if (size * 3 > slots(table) * 2) grow(table);
}

@inline
export function slots(table: usize): u32 {
  return load<u32>(table, 4);
}

/** The bucket in a slot; -1 when there is none, or its count is 0. */
@inline
export function bucketAt(table: usize, slot: u32): i32 {
  return countAt(table, slot) == 0 ? -1 : load<i32>(pair(table, slot)) - 1;
}

@inline
export function countAt(table: usize, slot: u32): i32 {
  return load<i32>(pair(table, slot), 4);
}

/** How many buckets have a count. */
export function used(table: usize): u32 {
  let count: u32 = 0;
  for (let slot: u32 = 0; slot < slots(table); slot++) if (countAt(table, slot) != 0) count++;
  return count;
}

@inline
function pair(table: usize, slot: u32): usize {
  return <usize>load<u32>(table) + ((<usize>slot) << 3);
}

function begin(table: usize, slotsWanted: u32): void {
  store<u32>(table, <u32>heap.takeZeros((<usize>slotsWanted) << 3));
  store<u32>(table, slotsWanted, 4);
}

function placeOf(table: usize, bucket: i32): usize {
  const mask = slots(table) - 1;
  let slot = ((<u32>bucket) * 0x9e3779b1) >>> 16;
  let at = pair(table, slot & mask);
  while (load<i32>(at) != 0 && load<i32>(at) != bucket + 1) at = pair(table, ++slot & mask);
  return at;
}

function grow(table: usize): void {
  const old: usize = load<u32>(table);
  const oldSlots = slots(table);
  begin(table, oldSlots * 2);
  for (let slot: usize = 0; slot < oldSlots; slot++) {
    const from = old + (slot << 3);
    const key = load<i32>(from);
    if (key != 0) store<u64>(placeOf(table, key - 1), load<u64>(from));
  }
}
