import { randomInt } from 'node:crypto';

/** Made-up ids cannot pile up in one place of the set. */
const SEED = randomInt(2 ** 31);

/**
 * A list of span identities: the id's eight bytes as two words, and the kind. Reused: a window's ids are
 * gathered into one to be compared, kept or stored.
 */
export class SpanIds {
  count = 0;
  lo = new Int32Array(64);
  hi = new Int32Array(64);
  kind = new Uint8Array(64);

  clear(): void {
    this.count = 0;
  }

  push(hi: number, lo: number, kind: number): void {
    const at = this.count++;
    if (at === this.kind.length) this.grow();
    this.hi[at] = hi;
    this.lo[at] = lo;
    this.kind[at] = kind;
  }

  private grow(): void {
    const { lo, hi, kind } = this;
    this.lo = new Int32Array(lo.length * 2);
    this.hi = new Int32Array(lo.length * 2);
    this.kind = new Uint8Array(lo.length * 2);
    this.lo.set(lo);
    this.hi.set(hi);
    this.kind.set(kind);
  }
}

/** A set of span identities by open addressing; it compares exactly, the hash only says where to look. */
export class SpanIdSet {
  private slots = new Int32Array(256);
  private readonly members = new SpanIds();

  clear(): void {
    if (this.members.count * 4 > this.slots.length) this.slots.fill(0);
    else this.erase();
    this.members.clear();
  }

  /** @returns false when it was there before */
  add(hi: number, lo: number, kind: number): boolean {
    const { members } = this;
    if ((members.count + 1) * 2 > this.slots.length) this.grow();
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = hash(hi, lo, kind) & mask;
    for (let at = slots[slot] as number; at !== 0; at = slots[slot] as number) {
      if (members.lo[at - 1] === lo && members.hi[at - 1] === hi && members.kind[at - 1] === kind) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    members.push(hi, lo, kind);
    slots[slot] = members.count;
    return true;
  }

  /** The identity is not in the set. */
  isNew(hi: number, lo: number, kind: number): boolean {
    const { members, slots } = this;
    const mask = slots.length - 1;
    let slot = hash(hi, lo, kind) & mask;
    for (let at = slots[slot] as number; at !== 0; at = slots[slot] as number) {
      if (members.lo[at - 1] === lo && members.hi[at - 1] === hi && members.kind[at - 1] === kind) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    return true;
  }

  /** Empties the members' own slots: they are few in a table that was once large. */
  private erase(): void {
    const { slots, members } = this;
    const mask = slots.length - 1;
    for (let i = 0; i < members.count; i++) {
      const home = hash(
        members.hi[i] as number,
        members.lo[i] as number,
        members.kind[i] as number,
      );
      for (let slot = home & mask; slots[slot] !== 0; slot = (slot + 1) & mask) slots[slot] = 0;
    }
  }

  private grow(): void {
    const { members } = this;
    this.slots = new Int32Array(this.slots.length * 2);
    const mask = this.slots.length - 1;
    for (let i = 0; i < members.count; i++) {
      const home = hash(
        members.hi[i] as number,
        members.lo[i] as number,
        members.kind[i] as number,
      );
      let slot = home & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = i + 1;
    }
  }
}

function hash(hi: number, lo: number, kind: number): number {
  const h = Math.imul(Math.imul(hi ^ SEED, 0xcc9e2d51) ^ lo ^ (kind << 27), 0x1b873593);
  return h ^ (h >>> 15);
}
