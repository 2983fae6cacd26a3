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

  open(bytes: number): void {
    this.stream.open(bytes);
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

/** Lists of one column: where each one's elements are written. */
export interface Lists {
  /** Begins the next row's list; exactly so many elements are to be written to what it gives. */
  begin(elements: number): ByteWriter;
}

/** Lists as a column of the Native format. */
export class ListStreams implements Lists {
  constructor(
    readonly ends: Ends,
    readonly values: ByteWriter,
  ) {}

  get streams(): readonly ByteWriter[] {
    return [this.ends.stream, this.values];
  }

  begin(elements: number): ByteWriter {
    this.ends.add(elements);
    return this.values;
  }
}
