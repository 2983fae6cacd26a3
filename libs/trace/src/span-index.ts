import type { TraceSpans } from './trace-spans';

const SLOTS_FIRST = 256;

/**
 * Finds spans by id. An id may be that of several spans of different kinds, as when a Zipkin server reuses
 * its client's id; of spans with the same id and kind the first is found.
 */
export class SpanIndex {
  /** Whether any id belongs to more than one span that can be found. */
  hasShared = false;
  /** The next span with the same id and another kind, or -1. */
  next = new Int32Array(SLOTS_FIRST);

  private slots = new Int32Array(SLOTS_FIRST);
  private mask = 0;
  /** Ids are the senders' choice; nobody shall choose them to fall into the same slots. */
  private readonly seed = (Math.random() * 4294967296) | 0;

  build(spans: TraceSpans): void {
    const { count } = spans;
    let size = 16;
    while (size < count * 2) size *= 2;
    if (size > this.slots.length) {
      this.slots = new Int32Array(size);
      this.next = new Int32Array(size);
    }
    this.mask = size - 1;
    this.slots.fill(-1, 0, size);
    this.hasShared = false;
    for (let i = 0; i < count; i++) this.insert(spans, i);
  }

  private insert(spans: TraceSpans, i: number): void {
    const slot = this.slotOf(spans, spans.idLo[i] as number, spans.idHi[i] as number);
    const first = this.slots[slot] as number;
    this.next[i] = -1;
    if (first < 0) {
      this.slots[slot] = i;
      return;
    }
    // At most six steps: there are six kinds.
    let last = first;
    for (let at = first; at >= 0; at = this.next[at] as number) {
      if (spans.kind[at] === spans.kind[i]) return;
      last = at;
    }
    this.next[last] = i;
    this.hasShared = true;
  }

  /** The first span with the id, or -1. */
  find(spans: TraceSpans, lo: number, hi: number): number {
    return this.slots[this.slotOf(spans, lo, hi)] as number;
  }

  private slotOf(spans: TraceSpans, lo: number, hi: number): number {
    const { slots, mask } = this;
    const { idLo, idHi } = spans;
    let hash = Math.imul(lo ^ this.seed, 0x85ebca6b) ^ hi;
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    let slot = (hash ^ (hash >>> 14)) & mask;
    for (;;) {
      const at = slots[slot] as number;
      if (at < 0 || (idLo[at] === lo && idHi[at] === hi)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
