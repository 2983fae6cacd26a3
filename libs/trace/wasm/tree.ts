// Who called whom in one trace: parents found by id, cycles cut, children listed. See ../src/trace-tree.ts, whose rules
// these are. No recursion: a chain may be as long as the trace.
import { i32At, setI32, setU8, u8At } from './columns';
import * as index from './span-index';
import * as spans from './spans';

const NEW: u8 = 0;
const ON_PATH: u8 = 1;
const DONE: u8 = 2;

/** The earliest span that names no parent; without one, the earliest top. -1 in an empty trace. */
export let root: i32 = -1;
/** Spans that name no parent. */
export let rootCount: i32 = 0;
/** Spans that name a parent and have none: it is missing, or the link was cut. */
export let orphanCount: i32 = 0;
/** Different parent ids of which there is no span. */
export let missingParentCount: i32 = 0;
/** Spans below the root, itself counted. */
export let connectedCount: i32 = 0;
/** Spans from the top down to the farthest, both counted. */
export let depthMax: i32 = 0;

let parents: usize = 0;
let orders: usize = 0;
let depths: usize = 0;
let childStarts: usize = 0;
let children: usize = 0;
let marks: usize = 0;
/** Spans whose parent is missing. */
let missing: usize = 0;
let missingLength: i32 = 0;

/** Lays the columns out from `at` on, with room for `capacity` spans; gives the place after them. */
export function lay(at: usize, capacity: usize): usize {
  parents = at;
  orders = parents + capacity * 4;
  depths = orders + capacity * 4;
  childStarts = depths + capacity * 4;
  children = childStarts + (capacity + 1) * 4;
  missing = children + capacity * 4;
  marks = missing + capacity * 4;
  return index.lay((marks + capacity + 7) & ~7, capacity);
}

/** Index of a span's parent, or -1. */
@inline
export function parent(i: i32): i32 {
  return i32At(parents, i);
}

/** Spans from the root and the other tops to the leaves by distance, the root's tree first. */
@inline
export function order(n: i32): i32 {
  return i32At(orders, n);
}

/** Spans from the top down to a span, both counted. */
@inline
export function depth(i: i32): i32 {
  return i32At(depths, i);
}

/** Children of span i are at `childStart(i) … childStart(i + 1)`. */
@inline
export function childStart(i: i32): i32 {
  return i32At(childStarts, i);
}

@inline
export function child(at: i32): i32 {
  return i32At(children, at);
}

@inline
export function setChild(at: i32, span: i32): void {
  setI32(children, at, span);
}

export function build(): void {
  orphanCount = 0;
  rootCount = 0;
  missingLength = 0;
  depthMax = 0;
  index.build();
  for (let i = 0; i < spans.count; i++) setI32(parents, i, parentOf(i));
  missingParentCount = index.countParents(missing, missingLength);
  cutCycles();
  root = findRoot();
  listChildren();
  walk();
}

function parentOf(i: i32): i32 {
  if (index.hasShared && spans.isEntry(i)) {
    const exit = spans.kind(i) == spans.KIND_SERVER ? spans.KIND_CLIENT : spans.KIND_PRODUCER;
    for (let at = index.find(spans.id(i)); at >= 0; at = index.next(at)) {
      if (spans.kind(at) == exit) return at;
    }
  }
  const id = spans.parentId(i);
  if (id == 0) {
    rootCount++;
    return -1;
  }
  const first = index.find(id);
  if (first < 0) {
    setI32(missing, missingLength++, i);
    orphanCount++;
    return -1;
  }
  if (first != i && index.next(first) < 0) return first;
  return bestOf(i, first);
}

/** Of the spans with the parent's id, the likeliest; the span itself is cut off like any circle. */
function bestOf(i: i32, first: i32): i32 {
  let best = -1;
  let bestScore = -1;
  for (let at = first; at >= 0; at = index.next(at)) {
    if (at == i) continue;
    let score = spans.service(at) == spans.service(i) ? 2 : 0;
    if (spans.isEntry(i)) score += spans.isExit(at) ? 4 : 0;
    else score += spans.isEntry(at) ? 1 : 0;
    const isFirst = best >= 0 && score == bestScore && spans.kind(at) < spans.kind(best);
    if (score > bestScore || isFirst) {
      best = at;
      bestScore = score;
    }
  }
  if (best < 0) orphanCount++;
  return best;
}

function cutCycles(): void {
  const count = spans.count;
  memory.fill(marks, NEW, <usize>count);
  for (let i = 0; i < count; i++) {
    let at = i;
    while (at >= 0 && u8At(marks, at) == NEW) {
      setU8(marks, at, ON_PATH);
      at = parent(at);
    }
    if (at >= 0 && u8At(marks, at) == ON_PATH) cutCycle(at);
    for (let done = i; done >= 0 && u8At(marks, done) == ON_PATH; done = parent(done)) {
      setU8(marks, done, DONE);
    }
  }
}

/** Cuts the circle that `on` is part of at its earliest span. */
function cutCycle(on: i32): void {
  let first = on;
  let at = on;
  do {
    setU8(marks, at, DONE);
    if (isBefore(at, first)) first = at;
    at = parent(at);
  } while (at != on);
  setI32(parents, first, -1);
  orphanCount++;
}

/** By start; what starts at once in an order that does not depend on how the spans were given. */
function isBefore(a: i32, b: i32): bool {
  if (spans.start(a) != spans.start(b)) return spans.start(a) < spans.start(b);
  const idA = spans.id(a);
  const idB = spans.id(b);
  if (<i32>idA != <i32>idB) return <i32>idA < <i32>idB;
  if (idA != idB) return <i32>(idA >>> 32) < <i32>(idB >>> 32);
  return spans.kind(a) < spans.kind(b);
}

function findRoot(): i32 {
  let found = -1;
  let namesNone = false;
  for (let i = 0; i < spans.count; i++) {
    if (parent(i) >= 0) continue;
    const none = spans.parentId(i) == 0;
    const isBetter = none == namesNone ? found < 0 || spans.start(i) < spans.start(found) : none;
    if (found >= 0 && !isBetter) continue;
    found = i;
    namesNone = none;
  }
  return found;
}

function listChildren(): void {
  const count = spans.count;
  memory.fill(childStarts, 0, (<usize>count + 1) * 4);
  for (let i = 0; i < count; i++) {
    const p = parent(i);
    if (p >= 0) setI32(childStarts, p, childStart(p) + 1);
  }
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += childStart(i);
    setI32(childStarts, i, sum);
  }
  setI32(childStarts, count, sum);
  // Filled from the back, each start moves down to where it belongs.
  for (let i = count - 1; i >= 0; i--) {
    const p = parent(i);
    if (p < 0) continue;
    const at = childStart(p) - 1;
    setI32(childStarts, p, at);
    setChild(at, i);
  }
}

/** Level by level from the tops, the root's tree first. */
function walk(): void {
  connectedCount = 0;
  if (spans.count == 0) return;
  setI32(orders, 0, root);
  connectedCount = descend(0, 1);
  let end = connectedCount;
  for (let i = 0; i < spans.count && end < spans.count; i++) {
    if (parent(i) >= 0 || i == root) continue;
    setI32(orders, end, i);
    end = descend(end, end + 1);
  }
}

/** Appends all that is below `order(at) … order(end - 1)`; gives the new end. */
function descend(from: i32, to: i32): i32 {
  let end = to;
  for (let at = from; at < end; at++) {
    const i = order(at);
    const p = parent(i);
    const deep = p < 0 ? 1 : depth(p) + 1;
    setI32(depths, i, deep);
    if (deep > depthMax) depthMax = deep;
    const stop = childStart(i + 1);
    for (let c = childStart(i); c < stop; c++) setI32(orders, end++, child(c));
  }
  return end;
}
