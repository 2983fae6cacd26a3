import { isEntry, isExit, KIND_CLIENT, KIND_SERVER, type TraceSpans } from './trace-spans';
import type { TraceTree } from './trace-tree';

/**
 * How far the clocks of the callees of one trace seem to be off, edge by edge from the root down.
 *
 * A client waits for its server, so by one clock the server's span lies within the client's. Where it does
 * not, the server's times are moved to the middle of the client's: as NTP has it (RFC 5905, section 8),
 * the way there is taken to be as long as the way back. A server span longer than its client's, and a
 * consumer or a callee without a client span, is only known not to begin before its caller.
 *
 * What runs in the service of its parent shares that one's clock and moves with it. The caller's clock is
 * taken as corrected already, the callee's is believed as long as it contradicts nothing. A callee that
 * was given up by its caller looks like one with a wrong clock: that is why raw times are kept beside.
 */
export class ClockSkew {
  /** To be added to a span's start, ns. */
  offset = new Float64Array(64);
  /** Spans with an offset other than 0. */
  movedCount = 0;
  /** Edges over which an offset had to be assumed; see {@link isEdge}. */
  edgeCount = 0;

  private isMovedEdge = new Uint8Array(64);

  build(spans: TraceSpans, tree: TraceTree): void {
    const { count } = spans;
    if (count > this.offset.length) {
      let size = this.offset.length;
      while (size < count) size *= 2;
      this.offset = new Float64Array(size);
      this.isMovedEdge = new Uint8Array(size);
    }
    this.movedCount = 0;
    this.edgeCount = 0;
    const { order, parent } = tree;
    for (let n = 0; n < count; n++) {
      const i = order[n] as number;
      const p = parent[i] as number;
      let offset = 0;
      this.isMovedEdge[i] = 0;
      if (p >= 0) {
        offset = crossesClocks(spans, p, i)
          ? this.offsetOver(spans, p, i)
          : (this.offset[p] as number);
      }
      this.offset[i] = offset;
      if (offset !== 0) this.movedCount++;
    }
  }

  /** Whether the span's clock was found to differ from what it said, at the edge from its parent. */
  isEdge(i: number): boolean {
    return this.isMovedEdge[i] === 1;
  }

  private offsetOver(spans: TraceSpans, p: number, i: number): number {
    const parentStart = (spans.start[p] as number) + (this.offset[p] as number);
    const start = spans.start[i] as number;
    const least = parentStart - start;
    let offset = Math.max(0, least);
    if (spans.kind[p] === KIND_CLIENT && spans.kind[i] === KIND_SERVER) {
      const slack = (spans.duration[p] as number) - (spans.duration[i] as number);
      // Within [least, least + slack] the callee lies within its caller.
      if (slack >= 0 && (least > 0 || least + slack < 0)) offset = Math.round(least + slack / 2);
    }
    if (offset === 0) return 0;
    this.isMovedEdge[i] = 1;
    this.edgeCount++;
    return offset;
  }
}

/** Whether parent and child may run on different machines: different services, or a call by its kinds. */
function crossesClocks(spans: TraceSpans, p: number, i: number): boolean {
  return (
    spans.service[p] !== spans.service[i] ||
    (isExit(spans.kind[p] as number) && isEntry(spans.kind[i] as number))
  );
}
