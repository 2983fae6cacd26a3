import { SPAN_BYTES_MAX } from '@spanloom/avro';
import { SpanloomError } from '@spanloom/runtime';
import { createMemory, PAGE_BYTES, type WasmMemory } from '@spanloom/wasm';

/** Bytes of a block, a power of two. A window wastes half of one on average. */
export const BLOCK_BYTES = 1024;
const BLOCK_SHIFT = 10;
/** Where a record's value is put before its spans go to their windows; holds any one span. */
const INBOX_BYTES = 2 * SPAN_BYTES_MAX;
const INBOX_BLOCKS = INBOX_BYTES / BLOCK_BYTES;
const BLOCKS_PER_PAGE = PAGE_BYTES / BLOCK_BYTES;
/** 4 GiB less a page: what 32-bit addresses reach. The partition's own bound is far below. */
const PAGES_MAX = 65_535;
/** Blocks are added by a quarter, and at least this many pages at a time. */
const GROW_PAGES_MIN = 16;
/** Memories of closed arenas that are kept: about as many partitions of a backlog as have their turn. */
const KEPT_MAX = 2;

/**
 * Memories of closed arenas, for the next ones. Left to V8, those of partitions that had their turn in a backlog stayed
 * until its next full collection: seconds, 19 MiB each.
 */
const kept: WasmMemory[] = [];

/** Memory for an arena that is to hold little. */
export function smallMemory(): WasmMemory {
  return createMemory({ initial: INBOX_BYTES / PAGE_BYTES + GROW_PAGES_MIN, maximum: PAGES_MAX });
}

/**
 * The bytes of all open windows of a partition: chains of blocks in one buffer. A record's value is
 * copied in whole, once; from there its spans go to their chains within the buffer, which costs a
 * third of a copy between buffers. Closed windows give their blocks back, so memory is what the
 * windows held at most.
 *
 * The buffer is a WebAssembly memory, without any WebAssembly: it grows in place. An array that is copied into
 * one twice its size costs 1.4 µs a span while a backlog is read, and for a moment three times its memory.
 *
 * A chain is named by its first block, 0 for none; whoever holds it knows its last block and bytes.
 */
export class SpanArena {
  /** Replaced when it grows. */
  bytes: Uint8Array;
  view: DataView;
  /** The block after each one in its chain, or in the list of free ones. */
  private next: Int32Array;
  private free = 0;
  private end = INBOX_BLOCKS;
  private value: Uint8Array;
  private inboxFrom = 0;
  private inboxTo = 0;

  /** @param memory may have held another arena, which is closed */
  constructor(private readonly memory: WasmMemory = kept.pop() ?? smallMemory()) {
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.value = this.bytes;
    this.next = new Int32Array(this.bytes.length >> BLOCK_SHIFT);
  }

  /** Gives the memory up, for another arena. Nothing of this one can be read or written any more. */
  close(): void {
    if (this.isClosed) return;
    if (kept.length < KEPT_MAX) kept.push(this.memory);
    this.bytes = this.value = new Uint8Array(0);
    this.view = new DataView(this.bytes.buffer);
    this.free = this.end = 0;
  }

  private get isClosed(): boolean {
    return this.bytes.length === 0;
  }

  /** The value that {@link locate} speaks of from now on. */
  open(value: Uint8Array): void {
    this.value = value;
    this.inboxFrom = 0;
    this.inboxTo = 0;
  }

  /** Where `value[start…end)` is in {@link bytes}, until the next call. At most a span's length. */
  locate(start: number, end: number): number {
    if (start < this.inboxFrom || end > this.inboxTo) {
      this.inboxFrom = start;
      this.inboxTo = Math.min(start + INBOX_BYTES, this.value.length);
      this.bytes.set(this.value.subarray(start, this.inboxTo));
    }
    return start - this.inboxFrom;
  }

  /**
   * Appends `length` bytes that are at `at` to a chain.
   * @param last the chain's last block, 0 when there is none yet
   * @param filled bytes in the chain
   * @returns the chain's last block; the first, when there was none, is {@link started}
   */
  append(last: number, filled: number, at: number, length: number): number {
    let block = last;
    let offset = filled & (BLOCK_BYTES - 1);
    let from = at;
    let left = length;
    while (left > 0) {
      if (offset === 0) {
        const fresh = this.take();
        if (block === 0) this.started = fresh;
        else this.next[block] = fresh;
        block = fresh;
      }
      const count = Math.min(left, BLOCK_BYTES - offset);
      this.bytes.copyWithin(block * BLOCK_BYTES + offset, from, from + count);
      from += count;
      left -= count;
      offset = 0;
    }
    return block;
  }

  /** First block of the chain that {@link append} began last. */
  started = 0;

  /** Copies `length` bytes of a chain, from its byte `from`, to `target[at…)`. */
  copy(first: number, from: number, length: number, target: Uint8Array, at: number): void {
    if (this.isClosed) throw closedError();
    let block = first;
    for (let skip = from >> BLOCK_SHIFT; skip > 0; skip--) block = this.next[block] as number;
    let offset = from & (BLOCK_BYTES - 1);
    let to = at;
    let left = length;
    while (left > 0) {
      const count = Math.min(left, BLOCK_BYTES - offset);
      const start = block * BLOCK_BYTES + offset;
      target.set(this.bytes.subarray(start, start + count), to);
      to += count;
      left -= count;
      offset = 0;
      block = this.next[block] as number;
    }
  }

  /** Appends a chain of another arena as a chain of its own; gives its last block, the first is {@link started}. */
  takeFrom(other: SpanArena, first: number, length: number): number {
    let from = first;
    let block = 0;
    for (let done = 0; done < length; done += BLOCK_BYTES) {
      const fresh = this.take();
      if (block === 0) this.started = fresh;
      else this.next[block] = fresh;
      block = fresh;
      const count = Math.min(BLOCK_BYTES, length - done);
      const start = from * BLOCK_BYTES;
      this.bytes.set(other.bytes.subarray(start, start + count), block * BLOCK_BYTES);
      from = other.next[from] as number;
    }
    return block;
  }

  /** Takes a chain's blocks back. */
  release(first: number, last: number): void {
    if (first === 0) return;
    this.next[last] = this.free;
    this.free = first;
  }

  private take(): number {
    const block = this.free;
    if (block !== 0) {
      this.free = this.next[block] as number;
      this.next[block] = 0;
      return block;
    }
    if (this.end === this.bytes.length / BLOCK_BYTES) this.grow();
    return this.end++;
  }

  /** Adds blocks. Pages that are not written to take no memory. */
  private grow(): void {
    if (this.isClosed) throw closedError();
    const pages = this.bytes.length / PAGE_BYTES;
    const more = Math.min(Math.max(GROW_PAGES_MIN, pages >> 2), PAGES_MAX - pages);
    if (more <= 0)
      throw new RangeError(`the open windows of a partition hold ${this.bytes.length} bytes`);
    this.memory.grow(more);
    this.bytes = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
    const blocks = (pages + more) * BLOCKS_PER_PAGE;
    if (blocks <= this.next.length) return;
    const next = new Int32Array(Math.max(blocks, this.next.length * 2));
    next.set(this.next);
    this.next = next;
  }
}

function closedError(): SpanloomError {
  return new SpanloomError(
    'internal',
    'these windows are closed: their memory is not theirs any more',
  );
}
