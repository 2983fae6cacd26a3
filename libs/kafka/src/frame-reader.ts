import { SpanloomError } from '@spanloom/runtime';
import { framePool } from './frame-lease';

const SIZE_BYTES = 4;
/** Bound on an answer: what a broken or hostile peer announces must not take the process's memory. */
const ANSWER_BYTES_MAX = 1024 * 1024 * 1024;

/**
 * Cuts a stream of bytes into Kafka's frames: four bytes of length, then that many bytes (Kafka protocol guide,
 * "Protocol Primitive Types"). Each frame gets a buffer of its own from the pool, of the right size from the start, and
 * each byte is copied once. Chunks may be used again after {@link push}.
 */
export class FrameReader {
  readonly #size = Buffer.alloc(SIZE_BYTES);
  /** What is being filled: the length, or a whole frame. */
  #into: Buffer = this.#size;
  #filled = 0;

  /**
   * Takes the next bytes. `onFrame` gets each frame that ends in them, its length in front.
   * SpanloomError('state-corrupt') when a length cannot be.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(this.#into, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled < this.#into.length) return;
      if (this.#into === this.#size) this.#into = frameFor(this.#size);
      if (this.#filled < this.#into.length) continue;
      const frame = this.#into;
      this.#into = this.#size;
      this.#filled = 0;
      onFrame(frame);
    }
  }
}

/** An empty frame but for its length. */
function frameFor(size: Buffer): Buffer {
  const bytes = size.readInt32BE(0);
  if (bytes < 0 || bytes > ANSWER_BYTES_MAX) {
    throw new SpanloomError('state-corrupt', `Kafka announced an answer of ${bytes} bytes`, {
      retriable: true,
    });
  }
  const frame = framePool.take(SIZE_BYTES + bytes);
  size.copy(frame);
  return frame;
}
