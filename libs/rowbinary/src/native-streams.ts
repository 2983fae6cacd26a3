import type { AvroSource } from './avro-source';
import type { ChunkPool } from './chunk-pool';
import { RowWriter } from './row-writer';
import { copyShortPairs, copyText } from './text-copy';

/** What a stream begins with; more comes from the pool. */
const STREAM_BYTES = 4 * 1024;

/** Values that lie one after the other in a block, of one column or of a part of one. */
export class Stream extends RowWriter {
  /** Where it was when the row under way began. */
  private mark = 0;

  constructor(chunks: ChunkPool) {
    super(STREAM_BYTES, chunks);
  }

  /** Begins a row for which so many bytes should do: more are made room for by copying. */
  open(bytes: number): void {
    this.beginRow(bytes);
    this.mark = this.length;
  }

  /** Takes the row under way back. */
  undo(): void {
    this.length = this.mark;
  }

  /** Few bytes that are in wire form already, for which {@link open} must have made room. */
  wire(bytes: Uint8Array): void {
    const { buffer, length } = this;
    for (let i = 0; i < bytes.length; i++) buffer[length + i] = bytes[i] as number;
    this.length = length + bytes.length;
  }
}

/** Where each row's elements end, counted from the block's beginning. */
export class Ends {
  readonly stream: Stream;
  private count = 0;
  private mark = 0;

  constructor(chunks: ChunkPool) {
    this.stream = new Stream(chunks);
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

/** A Map(String, String). */
export class MapStreams {
  readonly ends: Ends;
  readonly keys: Stream;
  readonly values: Stream;

  constructor(chunks: ChunkPool) {
    this.ends = new Ends(chunks);
    this.keys = new Stream(chunks);
    this.values = new Stream(chunks);
  }

  get streams(): readonly Stream[] {
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
