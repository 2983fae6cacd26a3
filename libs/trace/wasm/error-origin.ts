// Where the failing of a trace began: see ../src/error-origin.ts.
import * as skew from './skew';
import * as spans from './spans';
import * as tree from './tree';

/** The failing span that is the farthest from its top; of several the one that ended first. -1: none. */
export function find(): i32 {
  let deepest = -1;
  for (let i = 0; i < spans.count; i++) {
    if (spans.hasFailed(i) && (deepest < 0 || isDeeper(i, deepest))) deepest = i;
  }
  return deepest;
}

function isDeeper(a: i32, b: i32): bool {
  if (tree.depth(a) != tree.depth(b)) return tree.depth(a) > tree.depth(b);
  return end(a) < end(b);
}

@inline
function end(i: i32): f64 {
  return spans.start(i) + skew.offset(i) + spans.duration(i);
}
