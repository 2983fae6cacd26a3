/** Buffers smaller than this are left to the collector: they are many and cost it nothing. */
const POOLED_BYTES_MIN = 64 * 1024;
/** Sizes are rounded up to this, so that a buffer fits what comes next too; what is not touched takes no memory. */
const STEP_BYTES = 256 * 1024;
/** What may lie unused, where nothing else is said. */
const FREE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Large buffers that are used again once nobody reads them any more. V8 runs a full collection for every 64 MB of buffers
 * made anew, and the system clears each of their pages: the sink alone made 278 MB of them for 500,000 spans. One that is
 * not given back is collected like any other.
 */
export class BufferPool {
  /** Smallest first. */
  readonly #free: ArrayBuffer[] = [];
  readonly #taken = new WeakSet<ArrayBufferLike>();
  #freeBytes = 0;

  /** @param free_bytes_max what may lie unused */
  constructor(private readonly free_bytes_max = FREE_BYTES_MAX) {}

  /** A buffer of exactly so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes < POOLED_BYTES_MIN) return Buffer.allocUnsafeSlow(bytes);
    const memory =
      this.#reuse(bytes) ?? new ArrayBuffer(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
    this.#taken.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  #reuse(bytes: number): ArrayBuffer | undefined {
    const index = this.#free.findIndex((memory) => memory.byteLength >= bytes);
    if (index < 0) return undefined;
    const [memory] = this.#free.splice(index, 1);
    this.#freeBytes -= memory?.byteLength ?? 0;
    return memory;
  }

  /** Takes back the memory of a buffer that nobody reads any more. What is not of this pool is left alone. */
  give(memory: ArrayBufferLike): void {
    if (!this.#taken.delete(memory)) return;
    const index = this.#free.findIndex((other) => other.byteLength >= memory.byteLength);
    this.#free.splice(index < 0 ? this.#free.length : index, 0, memory as ArrayBuffer);
    this.#freeBytes += memory.byteLength;
    // The smallest go first: what comes next may be as large as what came last.
    while (this.#freeBytes > this.free_bytes_max)
      this.#freeBytes -= this.#free.shift()?.byteLength ?? 0;
  }
}
