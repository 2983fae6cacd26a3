/** A chunk's usual size. */
export const CHUNK_BYTES = 64 * 1024;
/** Most bytes that are kept for use again: what two full blocks take. */
const KEPT_BYTES_MAX = 48 * 1024 * 1024;

/**
 * Buffers for rows that wait to be inserted, used again by all partitions of a process: large buffers that are made
 * anew for each block are most of what makes the collector run.
 */
export class ChunkPool {
  private kept: Buffer[] = [];
  private keptBytes = 0;

  /** A buffer of at least `bytes`, with anything in it. */
  take(bytes: number): Buffer {
    for (let i = this.kept.length - 1; i >= 0; i--) {
      const chunk = this.kept[i] as Buffer;
      if (chunk.length < bytes) continue;
      this.kept.splice(i, 1);
      this.keptBytes -= chunk.length;
      return chunk;
    }
    return Buffer.allocUnsafeSlow(Math.max(bytes, CHUNK_BYTES));
  }

  /** Takes a buffer back that nobody reads any more. */
  give(chunk: Buffer): void {
    if (this.keptBytes + chunk.length > KEPT_BYTES_MAX) return;
    this.kept.push(chunk);
    this.keptBytes += chunk.length;
  }
}
