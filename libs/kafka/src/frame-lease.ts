import { BufferPool } from '@spanloom/runtime';

/** Counts who still reads an answer's buffer, and gives it back when nobody does. */
export class FrameLease {
  #readers = 1;

  /** @param memory that of the answer; its first reader is whoever makes the lease */
  constructor(
    private readonly memory: ArrayBufferLike,
    private readonly pool: BufferPool,
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
export const framePool = new BufferPool();
