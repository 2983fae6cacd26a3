import { Calls } from './calls';
import { ClockSkew } from './clock-skew';
import { CriticalPath } from './critical-path';
import { TraceSpans } from './trace-spans';
import { TraceTree } from './trace-tree';

/**
 * Everything that is found out about a trace, in reused columns: fill `spans`, call {@link run}, read the
 * others until the next {@link begin}. Time and space are linear in the spans, but for sorting the
 * children of each span on the critical path.
 */
export class TraceAnalyzer {
  readonly spans = new TraceSpans();
  readonly tree = new TraceTree();
  readonly skew = new ClockSkew();
  readonly path = new CriticalPath();
  readonly calls = new Calls();

  /** Forgets the last trace. */
  begin(): void {
    this.spans.reset();
  }

  run(): void {
    const { spans, tree, skew } = this;
    tree.build(spans);
    skew.build(spans, tree);
    this.path.build(spans, tree, skew.offset);
    this.calls.build(spans, tree);
  }
}

/**
 * Whether all of a trace is there, as far as its spans can tell: one root, and every parent that is named.
 */
export function isComplete(tree: TraceTree): boolean {
  return tree.rootCount === 1 && tree.orphanCount === 0;
}

/** The share of a trace that hangs together: spans below the root, of all spans and missing parents. 1 when complete, 0 when empty. */
export function completeness(spans: TraceSpans, tree: TraceTree): number {
  const all = spans.count + tree.missingParentCount;
  return all === 0 ? 0 : tree.connectedCount / all;
}
