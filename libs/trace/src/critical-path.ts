import type { TraceSpans } from './trace-spans';
import type { TraceTree } from './trace-tree';

const FIRST = 64;
/** Up to here insertion is the quickest way to sort. */
const INSERTION_MAX = 24;

/**
 * The critical path of a trace: the sections of time that would have to become shorter for the root to end
 * earlier. From the root's end backwards: of the children (each clipped to its parent) the one that ends
 * last was waited for, so between its end and the parent's the parent itself was busy; then the same within
 * that child; then on with the child that ends before that one starts. (Jaeger's and CRISP's notion:
 * Zhang et al., "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures", USENIX ATC 2022.)
 *
 * The sections cover the root's time exactly, without overlap. Children outside their parent, and those
 * without any duration, are not on the path. Equal ends: the longer child, then the one that came first.
 */
export class CriticalPath {
  sectionCount = 0;
  /** The span of each section, the latest section first. */
  sectionSpan = new Int32Array(FIRST * 2);
  /** When sections start and end, on the corrected clock. */
  sectionStart = new Float64Array(FIRST * 2);
  sectionEnd = new Float64Array(FIRST * 2);
  /** Spans on the path, each once, in the order in which they were met. */
  spanCount = 0;
  pathSpans = new Int32Array(FIRST);
  /** Time on the path spent in the span itself, ns, for the spans in `pathSpans`. */
  exclusive = new Float64Array(FIRST);

  // The stack of spans that are being gone through, as columns.
  private frameSpan = new Int32Array(FIRST);
  private frameStart = new Float64Array(FIRST);
  private frameEnd = new Float64Array(FIRST);
  private frameCursor = new Float64Array(FIRST);
  private frameNext = new Int32Array(FIRST);
  private frames = 0;
  private ends = new Float64Array(FIRST);
  private starts = new Float64Array(FIRST);

  /** @param offset to be added to each span's start: see ClockSkew */
  build(spans: TraceSpans, tree: TraceTree, offset: Float64Array): void {
    if (spans.count > this.ends.length) this.grow(spans.count);
    this.sectionCount = 0;
    this.spanCount = 0;
    this.frames = 0;
    if (tree.root < 0) return;
    const { root } = tree;
    const start = (spans.start[root] as number) + (offset[root] as number);
    this.push(spans, tree, offset, root, start, start + (spans.duration[root] as number));
    while (this.frames > 0) this.step(spans, tree, offset);
  }

  /** Goes on with the span on top of the stack: down into its next child on the path, or back out of it. */
  private step(spans: TraceSpans, tree: TraceTree, offset: Float64Array): void {
    const top = this.frames - 1;
    const span = this.frameSpan[top] as number;
    const start = this.frameStart[top] as number;
    const end = this.frameEnd[top] as number;
    const cursor = this.frameCursor[top] as number;
    const stop = tree.childStart[span + 1] as number;
    for (let at = this.frameNext[top] as number; at < stop; at++) {
      const child = tree.children[at] as number;
      const childEnd = Math.min(end, this.ends[child] as number);
      const childStart = Math.max(start, this.starts[child] as number);
      if (childStart >= childEnd || childEnd > cursor) continue;
      this.addSection(span, childEnd, cursor);
      this.frameCursor[top] = childStart;
      this.frameNext[top] = at + 1;
      this.push(spans, tree, offset, child, childStart, childEnd);
      return;
    }
    this.addSection(span, start, cursor);
    this.frames--;
  }

  private push(
    spans: TraceSpans,
    tree: TraceTree,
    offset: Float64Array,
    span: number,
    start: number,
    end: number,
  ): void {
    const top = this.frames++;
    this.frameSpan[top] = span;
    this.frameStart[top] = start;
    this.frameEnd[top] = end;
    this.frameCursor[top] = end;
    this.frameNext[top] = tree.childStart[span] as number;
    this.exclusive[span] = 0;
    this.pathSpans[this.spanCount++] = span;
    this.sortChildren(spans, tree, offset, span);
  }

  private addSection(span: number, start: number, end: number): void {
    if (end <= start) return;
    const at = this.sectionCount++;
    this.sectionSpan[at] = span;
    this.sectionStart[at] = start;
    this.sectionEnd[at] = end;
    this.exclusive[span] = (this.exclusive[span] as number) + end - start;
  }

  /** Puts the span's children in the order in which they are looked at. Only spans on the path need it. */
  private sortChildren(
    spans: TraceSpans,
    tree: TraceTree,
    offset: Float64Array,
    span: number,
  ): void {
    const from = tree.childStart[span] as number;
    const to = tree.childStart[span + 1] as number;
    for (let at = from; at < to; at++) {
      const child = tree.children[at] as number;
      const start = (spans.start[child] as number) + (offset[child] as number);
      this.starts[child] = start;
      this.ends[child] = start + (spans.duration[child] as number);
    }
    if (to - from <= 1) return;
    if (to - from > INSERTION_MAX) {
      tree.children.subarray(from, to).sort((a, b) => this.compare(a, b));
      return;
    }
    const { children } = tree;
    for (let at = from + 1; at < to; at++) {
      const child = children[at] as number;
      let hole = at;
      for (; hole > from && this.compare(child, children[hole - 1] as number) < 0; hole--) {
        children[hole] = children[hole - 1] as number;
      }
      children[hole] = child;
    }
  }

  private compare(a: number, b: number): number {
    const byEnd = (this.ends[b] as number) - (this.ends[a] as number);
    if (byEnd !== 0) return byEnd;
    return (this.starts[a] as number) - (this.starts[b] as number) || a - b;
  }

  private grow(count: number): void {
    let size = this.ends.length;
    while (size < count) size *= 2;
    this.pathSpans = new Int32Array(size);
    this.exclusive = new Float64Array(size);
    this.frameSpan = new Int32Array(size);
    this.frameStart = new Float64Array(size);
    this.frameEnd = new Float64Array(size);
    this.frameCursor = new Float64Array(size);
    this.frameNext = new Int32Array(size);
    this.ends = new Float64Array(size);
    this.starts = new Float64Array(size);
    // A span begins at most one section, and each child that is entered one more of its parent's.
    this.sectionSpan = new Int32Array(size * 2);
    this.sectionStart = new Float64Array(size * 2);
    this.sectionEnd = new Float64Array(size * 2);
  }
}
