// How far the clocks of the callees of one trace seem to be off, edge by edge from the root down: see
// ../src/clock-skew.ts.
import { f64At, setF64, setU8, u8At } from './columns';
import * as spans from './spans';
import * as tree from './tree';

/** Edges over which an offset had to be assumed; see {@link isEdge}. */
export let edgeCount: i32 = 0;

let offsets: usize = 0;
let edges: usize = 0;

/** Lays the columns out from `at` on, with room for `capacity` spans; gives the place after them. */
export function lay(at: usize, capacity: usize): usize {
  offsets = at;
  edges = offsets + capacity * 8;
  return (edges + capacity + 7) & ~7;
}

/** To be added to a span's start, ns. */
@inline
export function offset(i: i32): f64 {
  return f64At(offsets, i);
}

/** Whether the span's clock was found to differ from what it said, at the edge from its parent. */
@inline
export function isEdge(i: i32): bool {
  return u8At(edges, i) != 0;
}

export function build(): void {
  edgeCount = 0;
  for (let n = 0; n < spans.count; n++) {
    const i = tree.order(n);
    const p = tree.parent(i);
    setU8(edges, i, 0);
    if (p < 0) setF64(offsets, i, 0);
    else setF64(offsets, i, crossesClocks(p, i) ? offsetOver(p, i) : offset(p));
  }
}

/** Whether parent and child may run on different machines: different services, or a call by its kinds. */
@inline
function crossesClocks(p: i32, i: i32): bool {
  return spans.service(p) != spans.service(i) || (spans.isExit(p) && spans.isEntry(i));
}

function offsetOver(p: i32, i: i32): f64 {
  const least = spans.start(p) + offset(p) - spans.start(i);
  let over = Math.max(0, least);
  if (spans.kind(p) == spans.KIND_CLIENT && spans.kind(i) == spans.KIND_SERVER) {
    const slack = spans.duration(p) - spans.duration(i);
    // Within [least, least + slack] the callee lies within its caller.
    if (slack >= 0 && (least > 0 || least + slack < 0)) over = Math.round(least + slack / 2);
  }
  if (over == 0) return 0;
  setU8(edges, i, 1);
  edgeCount++;
  return over;
}
