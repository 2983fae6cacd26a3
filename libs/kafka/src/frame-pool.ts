/** Answers smaller than this are left to the collector: they are many and cost it nothing. */
const POOLED_BYTES_MIN = 64 * 1024;
/** Sizes are rounded up to this, so that a buffer fits the next answer too; what is not touched takes no memory. */
const STEP_BYTES = 256 * 1024;
/** What may lie unused. */
const FREE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Buffers for large answers, used again when everybody who reads them is done. V8 runs a full collection for every
 * 64 MB of buffers made anew: the sink alone made 278 MB of them for 500,000 spans. One that is not given back is
 * collected like any other.
 */
export class FramePool {
  /** Smallest first. */
  readonly #free: ArrayBuffer[] = [];
  readonly #taken = new WeakSet<ArrayBufferLike>();
  #freeBytes = 0;

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
    while (this.#freeBytes > FREE_BYTES_MAX) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0;
  }
}

/** Counts who still reads an answer's buffer, and gives it back when nobody does. */
export class FrameLease {
  #readers = 1;

  /** @param memory that of the answer; its first reader is whoever makes the lease */
  constructor(
    private readonly memory: ArrayBufferLike,
    private readonly pool: FramePool,
  ) {}

  /** One more reader. The function returned says that it is done; only its first call counts. */
  hold(): () => void {
    this.#readers++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.release();
    };
  }

  /** One reader less. */
  release(): void {
    if (--this.#readers === 0) this.pool.give(this.memory);
  }
}

/** The process' pool: answers of all connections come through it. */
export const framePool = new FramePool();
