/** A span as the table sees it: the number of its trace, and its id and kind. */
export interface SpanKey {
  readonly trace: number;
  /** Upper and lower half of the span id. */
  readonly hi: number;
  readonly lo: number;
  readonly kind: number;
}

const INITIAL_CAPACITY = 1 << 12;
const LOAD_MAX = 0.7;
const EMPTY = 0xff;

/**
 * A set of spans by (trace, span id, kind) in typed arrays, with two numbers beside each: about 35 bytes
 * a span, where a Set of strings takes ten times that. Open addressing, linear probing; no deletion.
 */
export class SpanTable {
  private traces = new Uint32Array(INITIAL_CAPACITY);
  private his = new Uint32Array(INITIAL_CAPACITY);
  private los = new Uint32Array(INITIAL_CAPACITY);
  private kinds = new Uint8Array(INITIAL_CAPACITY).fill(EMPTY);
  private hashHis = new Uint32Array(INITIAL_CAPACITY);
  private hashLos = new Uint32Array(INITIAL_CAPACITY);
  private marks = new Uint8Array(INITIAL_CAPACITY);
  /** Spans in the table. */
  size = 0;

  /** Adds a span with its content hash. False when it is there already: then nothing changes. */
  add(key: SpanKey, hashHi: number, hashLo: number): boolean {
    const slot = this.slotOf(key);
    if (this.kinds[slot] !== EMPTY) return false;
    this.put(slot, key, hashHi, hashLo, 0);
    this.size += 1;
    if (this.size > this.kinds.length * LOAD_MAX) this.grow();
    return true;
  }

  /**
   * Marks a span as found and compares its hash: `missing` when no such span was added, `again` when it
   * was marked before, `changed` when the hash differs.
   */
  mark(key: SpanKey, hashHi: number, hashLo: number): 'found' | 'again' | 'changed' | 'missing' {
    const slot = this.slotOf(key);
    if (this.kinds[slot] === EMPTY) return 'missing';
    const before = this.marks[slot];
    this.marks[slot] = 1;
    if (before === 1) return 'again';
    const same = this.hashHis[slot] === hashHi && this.hashLos[slot] === hashLo;
    return same ? 'found' : 'changed';
  }

  private slotOf(key: SpanKey): number {
    const mask = this.kinds.length - 1;
    let slot = mix(key) & mask;
    while (
      this.kinds[slot] !== EMPTY &&
      !(
        this.los[slot] === key.lo &&
        this.his[slot] === key.hi &&
        this.traces[slot] === key.trace &&
        this.kinds[slot] === key.kind
      )
    ) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private put(slot: number, key: SpanKey, hashHi: number, hashLo: number, mark: number): void {
    this.traces[slot] = key.trace;
    this.his[slot] = key.hi;
    this.los[slot] = key.lo;
    this.kinds[slot] = key.kind;
    this.hashHis[slot] = hashHi;
    this.hashLos[slot] = hashLo;
    this.marks[slot] = mark;
  }

  private grow(): void {
    const { traces, his, los, kinds, hashHis, hashLos, marks } = this;
    const capacity = kinds.length * 2;
    this.traces = new Uint32Array(capacity);
    this.his = new Uint32Array(capacity);
    this.los = new Uint32Array(capacity);
    this.kinds = new Uint8Array(capacity).fill(EMPTY);
    this.hashHis = new Uint32Array(capacity);
    this.hashLos = new Uint32Array(capacity);
    this.marks = new Uint8Array(capacity);
    for (let i = 0; i < kinds.length; i++) {
      const kind = kinds[i] as number;
      if (kind === EMPTY) continue;
      const key = {
        trace: traces[i] as number,
        hi: his[i] as number,
        lo: los[i] as number,
        kind,
      };
      const slot = this.slotOf(key);
      this.put(slot, key, hashHis[i] as number, hashLos[i] as number, marks[i] as number);
    }
  }
}

/** Span ids may be counters, so every bit of the key goes through a multiplication. */
function mix(key: SpanKey): number {
  let h = Math.imul(key.lo ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ key.hi, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13) ^ key.trace, 0x27d4eb2f);
  return (h ^ (h >>> 16) ^ key.kind) >>> 0;
}
