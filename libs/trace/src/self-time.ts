import type { TraceSpans } from './trace-spans';
import type { TraceTree } from './trace-tree';

const FIRST = 64;

/**
 * How long each span of a trace was itself at work: every instant of the trace goes to one span, the one
 * that began last of those that are open then (of equal starts the deeper one).
 *
 * Where calls are nested and one at a time this is the duration without that of the children. Of calls
 * side by side the later one takes the time, and a span that merely lies over its sibling, as the handlers
 * of reactive servers do, does not take the time in which the sibling waits for another service. A calling
 * span of which the callee sends spans keeps what the callee does not account for: network and queues.
 *
 * A child is taken to begin no earlier than its parent. Reused from trace to trace; time is that of two
 * sorts.
 */
export class SelfTime {
  /** Time of each span itself, ns. */
  nano = new Float64Array(FIRST);
  private start = new Float64Array(FIRST);
  private end = new Float64Array(FIRST);
  private rank = new Int32Array(FIRST);
  private byStart = new Int32Array(FIRST);
  private byEnd = new Int32Array(FIRST);
  private isOver = new Uint8Array(FIRST);
  private open = new Int32Array(FIRST);

  /** @param offset to be added to each span's start: see ClockSkew */
  build(spans: TraceSpans, tree: TraceTree, offset: Float64Array): void {
    const { count } = spans;
    if (count > this.nano.length) this.grow(count);
    this.place(spans, tree, offset);
    const { start, end, rank } = this;
    const byStart = this.byStart.subarray(0, count);
    const byEnd = this.byEnd.subarray(0, count);
    byStart.sort(
      (a, b) =>
        (start[a] as number) - (start[b] as number) || (rank[a] as number) - (rank[b] as number),
    );
    byEnd.sort((a, b) => (end[a] as number) - (end[b] as number));
    this.sweep(byStart, byEnd);
  }

  private place(spans: TraceSpans, tree: TraceTree, offset: Float64Array): void {
    const { count } = spans;
    for (let at = 0; at < count; at++) {
      const i = tree.order[at] as number;
      const parent = tree.parent[i] as number;
      const own = (spans.start[i] as number) + (offset[i] as number);
      const from = parent < 0 ? own : Math.max(own, this.start[parent] as number);
      this.start[i] = from;
      this.end[i] = Math.max(from, own + (spans.duration[i] as number));
      this.rank[i] = at;
      this.nano[i] = 0;
      this.isOver[i] = 0;
      this.byStart[i] = i;
      this.byEnd[i] = i;
    }
  }

  /** Goes through starts and ends in order of time, with the open spans on a stack: the last to begin on top. */
  private sweep(byStart: Int32Array, byEnd: Int32Array): void {
    const { start, end, nano, open, isOver } = this;
    let depth = 0;
    let now = 0;
    let begun = 0;
    for (const ending of byEnd) {
      const until = end[ending] as number;
      for (;;) {
        const next = begun < byStart.length ? (byStart[begun] as number) : -1;
        const begins = next >= 0 && (start[next] as number) <= until;
        const time = begins ? (start[next] as number) : until;
        while (depth > 0 && isOver[open[depth - 1] as number] === 1) depth--;
        if (depth > 0) {
          const top = open[depth - 1] as number;
          nano[top] = (nano[top] as number) + time - now;
        }
        now = time;
        if (!begins) break;
        open[depth++] = next;
        begun++;
      }
      isOver[ending] = 1;
    }
  }

  private grow(count: number): void {
    let size = this.nano.length;
    while (size < count) size *= 2;
    this.nano = new Float64Array(size);
    this.start = new Float64Array(size);
    this.end = new Float64Array(size);
    this.rank = new Int32Array(size);
    this.byStart = new Int32Array(size);
    this.byEnd = new Int32Array(size);
    this.isOver = new Uint8Array(size);
    this.open = new Int32Array(size);
  }
}
