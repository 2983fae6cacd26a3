// The critical path of a trace: see ../src/critical-path.ts, without the sections, of which only what they sum up to per
// span is wanted here.
import { f64At, i32At, setF64, setI32 } from './columns';
import * as skew from './skew';
import * as spans from './spans';
import * as tree from './tree';

/** Up to here insertion is the quickest way to sort. */
const INSERTION_MAX = 24;

/** Spans on the path, each once, in the order in which they were met: see {@link spanAt}. */
export let spanCount: i32 = 0;

let onPath: usize = 0;
let exclusives: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
// The stack of spans that are being gone through, as columns.
let frameSpans: usize = 0;
let frameStarts: usize = 0;
let frameEnds: usize = 0;
let frameCursors: usize = 0;
let frameNexts: usize = 0;
let frames: i32 = 0;

/** Lays the columns out from `at` on, with room for `capacity` spans; gives the place after them. */
export function lay(at: usize, capacity: usize): usize {
  exclusives = at;
  starts = exclusives + capacity * 8;
  ends = starts + capacity * 8;
  frameStarts = ends + capacity * 8;
  frameEnds = frameStarts + capacity * 8;
  frameCursors = frameEnds + capacity * 8;
  frameSpans = frameCursors + capacity * 8;
  frameNexts = frameSpans + capacity * 4;
  onPath = frameNexts + capacity * 4;
  return (onPath + capacity * 4 + 7) & ~7;
}

@inline
export function spanAt(at: i32): i32 {
  return i32At(onPath, at);
}

/** Time on the path spent in a span itself, ns; of spans on the path. */
@inline
export function exclusive(i: i32): f64 {
  return f64At(exclusives, i);
}

export function build(): void {
  spanCount = 0;
  frames = 0;
  if (tree.root < 0) return;
  const start = spans.start(tree.root) + skew.offset(tree.root);
  push(tree.root, start, start + spans.duration(tree.root));
  while (frames > 0) step();
}

/** Goes on with the span on top of the stack: down into its next child on the path, or back out of it. */
function step(): void {
  const top = frames - 1;
  const span = i32At(frameSpans, top);
  const start = f64At(frameStarts, top);
  const end = f64At(frameEnds, top);
  const cursor = f64At(frameCursors, top);
  const stop = tree.childStart(span + 1);
  for (let at = i32At(frameNexts, top); at < stop; at++) {
    const child = tree.child(at);
    const childEnd = Math.min(end, f64At(ends, child));
    const childStart = Math.max(start, f64At(starts, child));
    if (childStart >= childEnd || childEnd > cursor) continue;
    addSection(span, childEnd, cursor);
    setF64(frameCursors, top, childStart);
    setI32(frameNexts, top, at + 1);
    push(child, childStart, childEnd);
    return;
  }
  addSection(span, start, cursor);
  frames--;
}

function push(i: i32, start: f64, end: f64): void {
  const top = frames++;
  setI32(frameSpans, top, i);
  setF64(frameStarts, top, start);
  setF64(frameEnds, top, end);
  setF64(frameCursors, top, end);
  setI32(frameNexts, top, tree.childStart(i));
  setF64(exclusives, i, 0);
  setI32(onPath, spanCount++, i);
  sortChildren(i);
}

@inline
function addSection(i: i32, start: f64, end: f64): void {
  if (end > start) setF64(exclusives, i, exclusive(i) + end - start);
}

/** Puts a span's children in the order in which they are looked at. Only spans on the path need it. */
function sortChildren(i: i32): void {
  const from = tree.childStart(i);
  const to = tree.childStart(i + 1);
  for (let at = from; at < to; at++) {
    const child = tree.child(at);
    const start = spans.start(child) + skew.offset(child);
    setF64(starts, child, start);
    setF64(ends, child, start + spans.duration(child));
  }
  if (to - from > INSERTION_MAX) heapSort(from, to - from);
  else if (to - from > 1) insertionSort(from, to);
}

function insertionSort(from: i32, to: i32): void {
  for (let at = from + 1; at < to; at++) {
    const child = tree.child(at);
    let hole = at;
    for (; hole > from && isBefore(child, tree.child(hole - 1)); hole--) {
      tree.setChild(hole, tree.child(hole - 1));
    }
    tree.setChild(hole, child);
  }
}

function heapSort(from: i32, count: i32): void {
  for (let at = (count >> 1) - 1; at >= 0; at--) siftDown(from, at, count);
  for (let left = count - 1; left > 0; left--) {
    const last = tree.child(from);
    tree.setChild(from, tree.child(from + left));
    tree.setChild(from + left, last);
    siftDown(from, 0, left);
  }
}

/** Lets the child at place `hole` of the heap sink below those that come after it. */
function siftDown(from: i32, hole: i32, count: i32): void {
  const sinking = tree.child(from + hole);
  let at = hole;
  for (;;) {
    let below = at * 2 + 1;
    if (below >= count) break;
    if (below + 1 < count && isBefore(tree.child(from + below), tree.child(from + below + 1))) below++;
    const child = tree.child(from + below);
    if (!isBefore(sinking, child)) break;
    tree.setChild(from + at, child);
    at = below;
  }
  tree.setChild(from + at, sinking);
}

/** The later end first; of equal ends the longer, then the one that came first. */
function isBefore(a: i32, b: i32): bool {
  const endA = f64At(ends, a);
  const endB = f64At(ends, b);
  if (endA != endB) return endA > endB;
  const startA = f64At(starts, a);
  const startB = f64At(starts, b);
  return startA == startB ? a < b : startA < startB;
}
