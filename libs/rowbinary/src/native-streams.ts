import type { AvroSource } from './avro-source';
import { ByteWriter } from './byte-writer';
import type { ChunkPool } from './chunk-pool';
import { copyShortPairs, copyText } from './text-copy';

/** What a stream begins with; more comes from the pool. */
const STREAM_BYTES = 4 * 1024;

/** Where the values of one column, or of a part of one, are written. */
export const createStream = (chunks: ChunkPool): ByteWriter => new ByteWriter(STREAM_BYTES, chunks);

/** Where each row's elements end, counted from the block's beginning. */
export class Ends {
  readonly stream: ByteWriter;
  private count = 0;
  private mark = 0;

  constructor(chunks: ChunkPool) {
    this.stream = createStream(chunks);
  }

  get byteCount(): number {
    return this.stream.byteCount;
  }

  open(bytes: number): void {
    this.stream.open(bytes);
    this.mark = this.count;
  }

  undo(): void {
    this.stream.undo();
    this.count = this.mark;
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

/** A Map(String, String). */
export class MapStreams {
  readonly ends: Ends;
  readonly keys: ByteWriter;
  readonly values: ByteWriter;

  constructor(chunks: ChunkPool) {
    this.ends = new Ends(chunks);
    this.keys = createStream(chunks);
    this.values = createStream(chunks);
  }

  get streams(): readonly ByteWriter[] {
    return [this.ends.stream, this.keys, this.values];
  }

  /** Copies one Avro map of strings, in however many blocks it comes. */
  copy(source: AvroSource): void {
    const { keys, values } = this;
    let pairs = 0;
    for (let count = source.blockCount(); count > 0; count = source.blockCount()) {
      pairs += count;
      for (let left = count; left > 0 && !source.broken; left--) {
        left -= copyShortPairs(source, keys, values, left);
        if (left === 0) break;
        copyText(source, keys);
        copyText(source, values);
      }
    }
    this.ends.add(pairs);
  }
}
