import { SpanIndex } from './span-index';
import {
  isEntry,
  isExit,
  KIND_CLIENT,
  KIND_PRODUCER,
  KIND_SERVER,
  type TraceSpans,
} from './trace-spans';

const SPANS_FIRST = 64;
const NEW = 0;
const ON_PATH = 1;
const DONE = 2;

/**
 * Who called whom in one trace: parents found by id, cycles cut, children listed. Reused from trace to
 * trace. No recursion: a chain may be as long as the trace.
 *
 * A span's parent is the span with its parent id. Where that id belongs to several spans of different
 * kinds, an entry span (server, consumer) takes the one that calls (client, producer), any other span the
 * one of its own service. An entry span that shares its id with a client or producer (Zipkin's shared
 * spans) is the child of that one, whatever its parent id says.
 *
 * Where parents go round in a circle, the link of its earliest span is cut.
 */
export class TraceTree {
  /** Index of each span's parent, or -1. */
  parent = new Int32Array(SPANS_FIRST);
  /** Spans from the root and the other tops of the trace to the leaves by distance, the root's tree first. */
  order = new Int32Array(SPANS_FIRST);
  /** Spans from the top down to each span, both counted. */
  depth = new Int32Array(SPANS_FIRST);
  /** Children of span i are `children[childStart[i] … childStart[i + 1])`, in the order of `order`. */
  childStart = new Int32Array(SPANS_FIRST + 1);
  children = new Int32Array(SPANS_FIRST);

  /** The earliest span that names no parent; without one, the earliest top. -1 in an empty trace. */
  root = -1;
  /** Spans that name no parent. */
  rootCount = 0;
  /** Spans that name a parent and have none: it is missing, or the link was cut. */
  orphanCount = 0;
  /** Links cut because they led back to the span. */
  cutCount = 0;
  /** Different parent ids of which there is no span. */
  missingParentCount = 0;
  /** Spans below the root, itself counted. */
  connectedCount = 0;
  /** The greatest {@link depth}. */
  depthMax = 0;

  private readonly index = new SpanIndex();
  private mark = new Uint8Array(SPANS_FIRST);
  /** Ids of missing parents, as often as they are named. */
  private missing = new BigUint64Array(16);
  private missingWords = new Int32Array(this.missing.buffer);
  private missingLength = 0;

  build(spans: TraceSpans): void {
    const { count } = spans;
    if (count > this.parent.length) this.grow(count);
    this.orphanCount = 0;
    this.rootCount = 0;
    this.cutCount = 0;
    this.missingLength = 0;
    this.depthMax = 0;
    this.index.build(spans);
    for (let i = 0; i < count; i++) this.parent[i] = this.parentOf(spans, i);
    this.missingParentCount = this.countMissing();
    this.cutCycles(spans);
    this.root = this.findRoot(spans);
    this.listChildren(count);
    this.walk(count);
  }

  private parentOf(spans: TraceSpans, i: number): number {
    const kind = spans.kind[i] as number;
    if (this.index.hasShared && isEntry(kind)) {
      const exit = kind === KIND_SERVER ? KIND_CLIENT : KIND_PRODUCER;
      let at = this.index.find(spans, spans.idLo[i] as number, spans.idHi[i] as number);
      for (; at >= 0; at = this.index.next[at] as number) if (spans.kind[at] === exit) return at;
    }
    const lo = spans.parentLo[i] as number;
    const hi = spans.parentHi[i] as number;
    if ((lo | hi) === 0) {
      this.rootCount++;
      return -1;
    }
    const first = this.index.find(spans, lo, hi);
    if (first < 0) {
      this.noteMissing(lo, hi);
      this.orphanCount++;
      return -1;
    }
    if (first !== i && (this.index.next[first] as number) < 0) return first;
    return this.bestOf(spans, i, first);
  }

  /** Of the spans with the parent's id, the likeliest; the span itself is cut off like any circle. */
  private bestOf(spans: TraceSpans, i: number, first: number): number {
    let best = -1;
    let bestScore = -1;
    for (let at = first; at >= 0; at = this.index.next[at] as number) {
      if (at === i) continue;
      const kind = spans.kind[at] as number;
      const sameService = spans.service[at] === spans.service[i] ? 2 : 0;
      const score = isEntry(spans.kind[i] as number)
        ? sameService + (isExit(kind) ? 4 : 0)
        : sameService + (isEntry(kind) ? 1 : 0);
      const isFirst = best >= 0 && score === bestScore && kind < (spans.kind[best] as number);
      if (score > bestScore || isFirst) {
        best = at;
        bestScore = score;
      }
    }
    if (best < 0) {
      this.cutCount++;
      this.orphanCount++;
    }
    return best;
  }

  private noteMissing(lo: number, hi: number): void {
    if (this.missingLength === this.missing.length) {
      const more = new BigUint64Array(this.missing.length * 2);
      more.set(this.missing);
      this.missing = more;
      this.missingWords = new Int32Array(more.buffer);
    }
    this.missingWords[this.missingLength * 2] = lo;
    this.missingWords[this.missingLength * 2 + 1] = hi;
    this.missingLength++;
  }

  private countMissing(): number {
    const length = this.missingLength;
    if (length < 2) return length;
    const ids = this.missing.subarray(0, length).sort();
    let distinct = 1;
    for (let i = 1; i < length; i++) if (ids[i] !== ids[i - 1]) distinct++;
    return distinct;
  }

  private cutCycles(spans: TraceSpans): void {
    const { parent, mark } = this;
    const { count } = spans;
    mark.fill(NEW, 0, count);
    for (let i = 0; i < count; i++) {
      let at = i;
      while (at >= 0 && mark[at] === NEW) {
        mark[at] = ON_PATH;
        at = parent[at] as number;
      }
      if (at >= 0 && mark[at] === ON_PATH) this.cutCycle(spans, at);
      for (let done = i; done >= 0 && mark[done] === ON_PATH; done = parent[done] as number) {
        mark[done] = DONE;
      }
    }
  }

  /** Cuts the circle that `on` is part of at its earliest span. */
  private cutCycle(spans: TraceSpans, on: number): void {
    const { parent, mark } = this;
    let first = on;
    let at = on;
    do {
      mark[at] = DONE;
      if (isBefore(spans, at, first)) first = at;
      at = parent[at] as number;
    } while (at !== on);
    parent[first] = -1;
    this.cutCount++;
    this.orphanCount++;
  }

  private findRoot(spans: TraceSpans): number {
    const { parent } = this;
    let root = -1;
    let rootNamesNone = false;
    for (let i = 0; i < spans.count; i++) {
      if ((parent[i] as number) >= 0) continue;
      const namesNone = ((spans.parentLo[i] as number) | (spans.parentHi[i] as number)) === 0;
      const earlier = root < 0 || (spans.start[i] as number) < (spans.start[root] as number);
      if (root < 0 || (namesNone === rootNamesNone ? earlier : namesNone)) {
        root = i;
        rootNamesNone = namesNone;
      }
    }
    return root;
  }

  private listChildren(count: number): void {
    const { parent, childStart, children } = this;
    childStart.fill(0, 0, count + 1);
    for (let i = 0; i < count; i++) {
      const p = parent[i] as number;
      if (p >= 0) childStart[p] = (childStart[p] as number) + 1;
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += childStart[i] as number;
      childStart[i] = sum;
    }
    childStart[count] = sum;
    // Filled from the back, each start moves down to where it belongs.
    for (let i = count - 1; i >= 0; i--) {
      const p = parent[i] as number;
      if (p < 0) continue;
      const at = (childStart[p] as number) - 1;
      childStart[p] = at;
      children[at] = i;
    }
  }

  /** Level by level from the tops, the root's tree first. */
  private walk(count: number): void {
    if (count === 0) {
      this.connectedCount = 0;
      return;
    }
    const { parent, order } = this;
    order[0] = this.root;
    this.connectedCount = this.descend(0, 1);
    let end = this.connectedCount;
    for (let i = 0; i < count && end < count; i++) {
      if ((parent[i] as number) >= 0 || i === this.root) continue;
      order[end] = i;
      end = this.descend(end, end + 1);
    }
  }

  /** Appends all that is below `order[at … end)`; gives the new end. */
  private descend(at: number, end: number): number {
    const { parent, order, depth, childStart, children } = this;
    for (; at < end; at++) {
      const i = order[at] as number;
      const p = parent[i] as number;
      const d = p < 0 ? 1 : (depth[p] as number) + 1;
      depth[i] = d;
      if (d > this.depthMax) this.depthMax = d;
      const stop = childStart[i + 1] as number;
      for (let c = childStart[i] as number; c < stop; c++) order[end++] = children[c] as number;
    }
    return end;
  }

  private grow(count: number): void {
    let size = this.parent.length;
    while (size < count) size *= 2;
    this.parent = new Int32Array(size);
    this.order = new Int32Array(size);
    this.depth = new Int32Array(size);
    this.childStart = new Int32Array(size + 1);
    this.children = new Int32Array(size);
    this.mark = new Uint8Array(size);
  }
}

/** By start; what starts at once in an order that does not depend on how the spans were given. */
function isBefore(spans: TraceSpans, a: number, b: number): boolean {
  const order =
    (spans.start[a] as number) - (spans.start[b] as number) ||
    (spans.idLo[a] as number) - (spans.idLo[b] as number) ||
    (spans.idHi[a] as number) - (spans.idHi[b] as number) ||
    (spans.kind[a] as number) - (spans.kind[b] as number);
  return order < 0;
}
