import { framePool } from './frame-lease';

/** Memory is taken so much at a time: batches are often smaller than what pays to use again. */
const AREA_BYTES = 1024 * 1024;

/** What record batches were unpacked into: one behind the other in memory of the pool. */
export class UnpackedBatches {
  readonly #areas: Buffer[] = [];
  /** Bytes used of the last area. */
  #filled = 0;

  /** A copy of `content`, valid until {@link release}. */
  place(content: Uint8Array): Buffer {
    let area = this.#areas.at(-1);
    if (area === undefined || this.#filled + content.length > area.length) {
      area = framePool.take(Math.max(content.length, AREA_BYTES));
      this.#areas.push(area);
      this.#filled = 0;
    }
    area.set(content, this.#filled);
    this.#filled += content.length;
    return area.subarray(this.#filled - content.length, this.#filled);
  }

  /** Says that nobody reads the copies any more. */
  release(): void {
    for (const { buffer } of this.#areas.splice(0)) framePool.give(buffer);
  }
}
