const FIRST_SLOTS = 1 << 10;

/** The fields of a span that make its identity, as the scanner finds them. */
export interface SpanIdentity {
  readonly buffer: Uint8Array;
  readonly traceIdAt: number;
  readonly spanIdAt: number;
  readonly kind: number;
}

/**
 * The identities (trace id, span id, kind) of the spans since the last flush, as 64-bit
 * fingerprints in one open-addressing table. Two different spans share one with a chance of about
 * n² / 2^65: for 250,000 spans a flush, once in 600 million flushes.
 */
export class SeenSpans {
  /** 32 well-mixed bits of the identity added last: the source of its rounding. */
  hash = 0;
  size = 0;
  private other = 0;
  private slots = FIRST_SLOTS;
  /** Pairs of words; a pair of zeros is an empty slot. */
  private table = new Int32Array(FIRST_SLOTS * 2);

  /** Notes a span. @returns false when it was there already */
  add(span: SpanIdentity): boolean {
    this.fingerprint(span);
    const table = this.table;
    const mask = this.slots - 1;
    const first = this.hash | 0;
    const second = this.other;
    let slot = first & mask;
    for (;;) {
      const a = table[slot * 2] as number;
      const b = table[slot * 2 + 1] as number;
      if (a === 0 && b === 0) break;
      if (a === first && b === second) return false;
      slot = (slot + 1) & mask;
    }
    table[slot * 2] = first;
    table[slot * 2 + 1] = second;
    if (++this.size * 2 > this.slots) this.grow();
    return true;
  }

  clear(): void {
    if (this.size === 0) return;
    this.table.fill(0);
    this.size = 0;
  }

  /** Two multiply-and-mix chains over the six words of the ids (the rounds of MurmurHash3, Appleby). */
  private fingerprint(span: SpanIdentity): void {
    const { buffer, spanIdAt } = span;
    let a = 0x9e3779b9 ^ span.kind;
    let b = 0x85ebca6b + span.kind;
    for (let at = span.traceIdAt, end = at + 16; at < end; at += 4) {
      const word = wordAt(buffer, at);
      a = mix(a, word, 0xcc9e2d51);
      b = mix(b, word, 0x1b873593);
    }
    for (let at = spanIdAt, end = at + 8; at < end; at += 4) {
      const word = wordAt(buffer, at);
      a = mix(a, word, 0xcc9e2d51);
      b = mix(b, word, 0x1b873593);
    }
    this.hash = finish(a) >>> 0;
    this.other = finish(b) | 1; // never zero, so that an empty slot is told from a full one
  }

  private grow(): void {
    const old = this.table;
    const mask = this.slots * 2 - 1;
    const table = new Int32Array(this.slots * 4);
    for (let i = 0; i < old.length; i += 2) {
      const first = old[i] as number;
      const second = old[i + 1] as number;
      if (second === 0) continue;
      let slot = first & mask;
      while (table[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
      table[slot * 2] = first;
      table[slot * 2 + 1] = second;
    }
    this.table = table;
    this.slots = mask + 1;
  }
}

function wordAt(buffer: Uint8Array, at: number): number {
  return (
    (buffer[at] as number) |
    ((buffer[at + 1] as number) << 8) |
    ((buffer[at + 2] as number) << 16) |
    ((buffer[at + 3] as number) << 24)
  );
}

function mix(hash: number, word: number, factor: number): number {
  const mixed = Math.imul(word ^ (word >>> 15), factor);
  const turned = hash ^ mixed;
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
