import type { ByteWriter } from './byte-writer';
import type { ChunkPool } from './chunk-pool';
import type { NativeColumn } from './native-block';
import { createStream, Ends } from './native-streams';

/** The columns of a table as they are gathered for a block in ClickHouse's Native format, row by row. */
export class ColumnSet {
  /** All that a row is written to. */
  private readonly parts: (ByteWriter | Ends)[] = [];
  private columns: readonly NativeColumn[] = [];

  constructor(private readonly chunks: ChunkPool) {}

  /** Values of a column, or of a part of one. */
  protected stream(): ByteWriter {
    return this.keep(createStream(this.chunks));
  }

  /** Where the elements of each row end. */
  protected ends(): Ends {
    return this.keep(new Ends(this.chunks));
  }

  private keep<T extends ByteWriter | Ends>(part: T): T {
    this.parts.push(part);
    return part;
  }

  /** Says which streams are which column: types and streams in the order of `names`. */
  protected nameAll(
    names: readonly string[],
    shapes: readonly (readonly [type: string, streams: readonly ByteWriter[]])[],
  ): void {
    this.columns = shapes.map(([type, streams], i) => ({
      name: names[i] as string,
      type,
      streams,
    }));
  }

  /** The columns in order. */
  all(): readonly NativeColumn[] {
    return this.columns;
  }

  /** Bytes of all rows. */
  get byteCount(): number {
    let sum = 0;
    for (const part of this.parts) sum += part.byteCount;
    return sum;
  }

  /** Forgets all rows. */
  reset(keepBytesMax?: number): void {
    for (const part of this.parts) part.reset(keepBytesMax);
  }
}
