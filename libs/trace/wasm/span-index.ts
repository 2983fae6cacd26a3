// Finds spans by id: see ../src/span-index.ts. An id may be that of several spans of different kinds; of spans with the
// same id and kind the first is found.
import { i32At, setI32 } from './columns';
import * as spans from './spans';

/** Whether any id belongs to more than one span that can be found. */
export let hasShared: bool = false;

let nexts: usize = 0;
let slots: usize = 0;
let mask: u64 = 0;
let seed: u64 = 0;

/** Ids are the senders' choice; a number that they do not know keeps them from choosing the same slots. */
export function setSeed(to: u64): void {
  seed = to;
}

/** Slots for so many spans: a power of two. */
@inline
function slotsFor(count: usize): usize {
  let size: usize = 16;
  while (size < count * 2) size *= 2;
  return size;
}

/** Lays the index out from `at` on, with room for `capacity` spans; gives the place after it. */
export function lay(at: usize, capacity: usize): usize {
  nexts = at;
  slots = nexts + capacity * 4;
  return (slots + slotsFor(capacity) * 4 + 7) & ~7;
}

export function build(): void {
  empty();
  hasShared = false;
  for (let i = 0; i < spans.count; i++) insert(i);
}

/** Makes every slot free. */
function empty(): void {
  const size = slotsFor(<usize>spans.count);
  mask = <u64>size - 1;
  memory.fill(slots, 0xff, size * 4);
}

function insert(i: i32): void {
  const slot = slotOf(spans.id(i));
  const first = i32At(slots, slot);
  setI32(nexts, i, -1);
  if (first < 0) {
    setI32(slots, slot, i);
    return;
  }
  // At most six steps: there are six kinds.
  let last = first;
  for (let at = first; at >= 0; at = next(at)) {
    if (spans.kind(at) == spans.kind(i)) return;
    last = at;
  }
  setI32(nexts, last, i);
  hasShared = true;
}

/** The first span with the id, or -1. */
@inline
export function find(id: u64): i32 {
  return i32At(slots, slotOf(id));
}

/** The next span with the same id and another kind, or -1. */
@inline
export function next(i: i32): i32 {
  return i32At(nexts, i);
}

function slotOf(id: u64): i32 {
  let slot = firstSlot(id);
  let at = i32At(slots, <i32>slot);
  while (at >= 0 && spans.id(at) != id) {
    slot = (slot + 1) & mask;
    at = i32At(slots, <i32>slot);
  }
  return <i32>slot;
}

@inline
function firstSlot(id: u64): u64 {
  let hash = (id ^ seed) * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >>> 32)) * 0xd6e8feb86659fd93;
  return (hash ^ (hash >>> 32)) & mask;
}

/** How many different parents the spans that `list[0 … length)` names have. Uses the index up: the next thing is to build it. */
export function countParents(list: usize, length: i32): i32 {
  if (length < 2) return length;
  empty();
  let distinct = 0;
  for (let i = 0; i < length; i++) {
    const span = i32At(list, i);
    const id = spans.parentId(span);
    let slot = firstSlot(id);
    let at = i32At(slots, <i32>slot);
    while (at >= 0 && spans.parentId(at) != id) {
      slot = (slot + 1) & mask;
      at = i32At(slots, <i32>slot);
    }
    if (at >= 0) continue;
    setI32(slots, <i32>slot, span);
    distinct++;
  }
  return distinct;
}
