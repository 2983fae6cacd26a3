const FIRST_SLOTS = 1 << 10;

/** Hashes of a span's identity: fields of a scanner that tells hashes. */
export interface SpanIdentity {
  /** 32 well-mixed bits. */
  readonly identityHash: number;
  /** Others; never zero, so that an empty slot is told from a full one. */
  readonly identityRest: number;
}

/**
 * The identities (trace id, span id, kind) of the spans since the last flush, as 64-bit
 * fingerprints in one open-addressing table. Two different spans share one with a chance of about
 * n² / 2^65: for 250,000 spans a flush, once in 600 million flushes.
 */
export class SeenSpans {
  size = 0;
  private slots = FIRST_SLOTS;
  /** Pairs of words; a pair of zeros is an empty slot. */
  private table = new Int32Array(FIRST_SLOTS * 2);

  /** Notes a span. @returns false when it was there already */
  add(span: SpanIdentity): boolean {
    const table = this.table;
    const mask = this.slots - 1;
    const first = span.identityHash | 0;
    const second = span.identityRest;
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
