import { STATUS_ERROR, type TraceSpans } from './trace-spans';
import type { TraceTree } from './trace-tree';

/** Where the failing of a trace began. */
export interface ErrorOrigin {
  /** Spans with status Error. */
  readonly errorCount: number;
  /** Failing spans none of whose children failed. */
  readonly originCount: number;
  /** The failing span that is the farthest from its top; of several the one that ended first. -1: none. */
  readonly span: number;
}

/**
 * Errors travel from callee to caller, so the deepest failing span is where to look first.
 * @param offset to be added to each span's start: see ClockSkew
 */
export function errorOrigin(spans: TraceSpans, tree: TraceTree, offset: Float64Array): ErrorOrigin {
  let errorCount = 0;
  let originCount = 0;
  let deepest = -1;
  for (let i = 0; i < spans.count; i++) {
    if (spans.status[i] !== STATUS_ERROR) continue;
    errorCount++;
    if (!hasFailingChild(spans, tree, i)) originCount++;
    if (deepest < 0 || isDeeper(spans, tree, offset, i, deepest)) deepest = i;
  }
  return { errorCount, originCount, span: deepest };
}

function hasFailingChild(spans: TraceSpans, tree: TraceTree, i: number): boolean {
  const stop = tree.childStart[i + 1] as number;
  for (let at = tree.childStart[i] as number; at < stop; at++) {
    if (spans.status[tree.children[at] as number] === STATUS_ERROR) return true;
  }
  return false;
}

function isDeeper(
  spans: TraceSpans,
  tree: TraceTree,
  offset: Float64Array,
  a: number,
  b: number,
): boolean {
  const byDepth = (tree.depth[a] as number) - (tree.depth[b] as number);
  if (byDepth !== 0) return byDepth > 0;
  const end = (i: number): number =>
    (spans.start[i] as number) + (offset[i] as number) + (spans.duration[i] as number);
  return end(a) < end(b);
}
