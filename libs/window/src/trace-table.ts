import { randomInt } from 'node:crypto';
import { NONE, RecordPool } from './record-pool';

/** Words of a trace's record: what is known of one trace, whether a window of it is open or not. */
export const TRACE = {
  /** The id's 16 bytes as four big-endian words, so that comparing them orders ids. */
  id: 0,
  /** When the present activity began: spans never further apart than the gap, whatever closed in between. */
  activityStartS: 4,
  /** When the last span came. */
  lastS: 5,
  /** The second in whose bucket of the wheel the trace is; 0 for none. */
  dueS: 6,
  wheelNext: 7,
  wheelPrevious: 8,
  /** Its record in the pool of open windows, or NONE. */
  window: 9,
  /** 1 when the last window that closed ended the trace (complete, idle or evicted). */
  finished: 10,
  /** Ids of windows that closed: first and last of a list in {@link IdMemory}, −1 for none. */
  remembered: 11,
  rememberedLast: 12,
} as const;

const TRACE_WORDS = 13;
const SEED = randomInt(2 ** 31);

/**
 * All traces of a partition: records in a pool, found by their id through open addressing with linear
 * probing. The hash is seeded, so that made-up ids cannot pile up in one place.
 */
export class TraceTable {
  readonly pool = new RecordPool(TRACE_WORDS);
  private slots = new Int32Array(1024);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The trace's record, or NONE. */
  find(id0: number, id1: number, id2: number, id3: number): number {
    const { slots } = this;
    const { words } = this.pool;
    const mask = slots.length - 1;
    for (let slot = hash(id0, id1, id2, id3) & mask; ; slot = (slot + 1) & mask) {
      const trace = slots[slot] as number;
      if (
        trace === NONE ||
        (words[trace] === id0 &&
          words[trace + 1] === id1 &&
          words[trace + 2] === id2 &&
          words[trace + 3] === id3)
      ) {
        return trace;
      }
    }
  }

  /** Makes the record of a trace that is not there yet. */
  add(id0: number, id1: number, id2: number, id3: number): number {
    if (this.count * 2 >= this.slots.length) this.grow();
    const trace = this.pool.take();
    const { words } = this.pool;
    words[trace] = id0;
    words[trace + 1] = id1;
    words[trace + 2] = id2;
    words[trace + 3] = id3;
    words[trace + TRACE.remembered] = -1;
    words[trace + TRACE.rememberedLast] = -1;
    this.insert(trace);
    this.count++;
    return trace;
  }

  /** Forgets a trace; what follows it in the probe order closes up. */
  remove(trace: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let hole = this.hashOf(trace) & mask;
    while (slots[hole] !== trace) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; slots[slot] !== NONE; slot = (slot + 1) & mask) {
      const home = this.hashOf(slots[slot] as number) & mask;
      // Whoever's home lies behind the hole stays where it is.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot] as number;
      hole = slot;
    }
    slots[hole] = NONE;
    this.pool.give(trace);
    this.count--;
  }

  /** Each trace's record; the table must not change meanwhile. */
  *[Symbol.iterator](): Generator<number> {
    for (const trace of this.slots) if (trace !== NONE) yield trace;
  }

  /** Orders two traces by their ids' bytes. */
  compareIds(a: number, b: number): number {
    const { words } = this.pool;
    for (let i = 0; i < 4; i++) {
      const difference = ((words[a + i] as number) >>> 0) - ((words[b + i] as number) >>> 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Writes the trace's id to `target[at…at+16)`. */
  writeId(trace: number, target: Uint8Array, at: number): void {
    const { words } = this.pool;
    for (let i = 0; i < 16; i++) {
      target[at + i] = (words[trace + (i >> 2)] as number) >>> (24 - 8 * (i & 3));
    }
  }

  private hashOf(trace: number): number {
    const { words } = this.pool;
    return hash(
      words[trace] as number,
      words[trace + 1] as number,
      words[trace + 2] as number,
      words[trace + 3] as number,
    );
  }

  private insert(trace: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hashOf(trace) & mask;
    while (this.slots[slot] !== NONE) slot = (slot + 1) & mask;
    this.slots[slot] = trace;
  }

  private grow(): void {
    const before = this.slots;
    this.slots = new Int32Array(before.length * 2);
    for (const trace of before) if (trace !== NONE) this.insert(trace);
  }
}

/** Mixes the words as MurmurHash3 does. */
function hash(id0: number, id1: number, id2: number, id3: number): number {
  let h = Math.imul(SEED ^ id0, 0xcc9e2d51);
  h = Math.imul((h ^ (h >>> 15) ^ id1) + 0x7f4a7c15, 0x1b873593);
  h = Math.imul((h ^ (h >>> 13) ^ id2) + 0x7f4a7c15, 0x85ebca6b);
  h = Math.imul((h ^ (h >>> 16) ^ id3) + 0x7f4a7c15, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
