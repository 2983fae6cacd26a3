import { ByteWriter } from './byte-writer';
import type { ChunkPool } from './chunk-pool';

/** What a stream begins with; more comes from the pool. */
const STREAM_BYTES = 4 * 1024;

/** Where the values of one column, or of a part of one, are written. */
export const createStream = (chunks: ChunkPool): ByteWriter => new ByteWriter(STREAM_BYTES, chunks);

/** Where each row's elements end, counted from the block's beginning. */
export class Ends {
  readonly stream: ByteWriter;
  private count = 0;

  constructor(chunks: ChunkPool) {
    this.stream = createStream(chunks);
  }

  get byteCount(): number {
    return this.stream.byteCount;
  }

  /** Ends one row, or one element that is an array itself. */
  add(elements: number): void {
    this.count += elements;
    // More elements than 2^32 do not fit into a block.
    this.stream.halves(this.count, 0);
  }

  reset(keepBytesMax?: number): void {
    this.stream.reset(keepBytesMax);
    this.count = 0;
  }
}
