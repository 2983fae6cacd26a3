import {
  isEntry,
  isExit,
  KIND_CONSUMER,
  KIND_PRODUCER,
  STATUS_ERROR,
  type TraceSpans,
} from './trace-spans';
import type { TraceTree } from './trace-tree';

/**
 * The calls between services that a trace shows, each counted once, at the span named by {@link at}:
 * the callee's where there is one, else the caller's.
 *
 * - A server or consumer span below a client or producer span is a call, also within one service.
 * - Any span below one of another service is a call too: the caller has no client span then.
 * - A client or producer span below which nothing entered has a caller only: its callee sends no spans,
 *   as databases do, or is missing. Where a further client or producer span of its service is below it,
 *   that one is the call.
 * - A server or consumer span whose parent is missing, and a consumer without a parent, has a callee only.
 */
export class Calls {
  count = 0;
  /** The calling span, or -1. */
  caller = new Int32Array(128);
  /** The called span, or -1. */
  callee = new Int32Array(128);

  private isPaired = new Uint8Array(64);

  build(spans: TraceSpans, tree: TraceTree): void {
    const { count } = spans;
    if (count > this.isPaired.length) this.grow(count);
    this.count = 0;
    this.isPaired.fill(0, 0, count);
    for (let i = 0; i < count; i++) this.addCallee(spans, tree, i);
    for (let i = 0; i < count; i++) {
      if (isExit(spans.kind[i] as number) && this.isPaired[i] === 0) this.add(i, -1);
    }
  }

  /** The span at which the call is counted. */
  at(call: number): number {
    const callee = this.callee[call] as number;
    return callee >= 0 ? callee : (this.caller[call] as number);
  }

  /** Whether either side of the call failed. */
  hasFailed(spans: TraceSpans, call: number): boolean {
    const caller = this.caller[call] as number;
    const callee = this.callee[call] as number;
    return (
      (caller >= 0 && spans.status[caller] === STATUS_ERROR) ||
      (callee >= 0 && spans.status[callee] === STATUS_ERROR)
    );
  }

  /** Whether the call went through a queue: by its kinds, as far as they say. */
  isMessage(spans: TraceSpans, call: number): boolean {
    const caller = this.caller[call] as number;
    const callee = this.callee[call] as number;
    return (
      (caller >= 0 && spans.kind[caller] === KIND_PRODUCER) ||
      (callee >= 0 && spans.kind[callee] === KIND_CONSUMER)
    );
  }

  private addCallee(spans: TraceSpans, tree: TraceTree, i: number): void {
    const kind = spans.kind[i] as number;
    const p = tree.parent[i] as number;
    if (p < 0) {
      const namesParent = ((spans.parentLo[i] as number) | (spans.parentHi[i] as number)) !== 0;
      if (isEntry(kind) && (namesParent || kind === KIND_CONSUMER)) this.add(-1, i);
      return;
    }
    const exits = isExit(spans.kind[p] as number);
    const crosses = spans.service[p] !== spans.service[i];
    if (crosses || (exits && isEntry(kind))) {
      this.isPaired[p] = 1;
      this.add(p, i);
    } else if (exits && isExit(kind)) {
      this.isPaired[p] = 1;
    }
  }

  private add(caller: number, callee: number): void {
    const at = this.count++;
    this.caller[at] = caller;
    this.callee[at] = callee;
  }

  private grow(count: number): void {
    let size = this.isPaired.length;
    while (size < count) size *= 2;
    this.isPaired = new Uint8Array(size);
    // A span is callee of one call at most, and caller without a callee of one more.
    this.caller = new Int32Array(size * 2);
    this.callee = new Int32Array(size * 2);
  }
}
