import { ByteWriter } from './byte-writer';
import type { ChunkPool } from './chunk-pool';
import { joined, type Rows } from './rows';

/** Rows in ClickHouse's RowBinary format: the columns of a row one after the other, and so row by row. */
export class RowBinaryRows implements Rows {
  readonly format = 'RowBinary';
  /** Where the rows are written; whoever writes one counts it. */
  readonly out: ByteWriter;
  rowCount = 0;

  /**
   * @param initialBytes what the rows have room for at first
   * @param chunks where more comes from, for rows that begin with `out.open`
   */
  constructor(initialBytes?: number, chunks?: ChunkPool) {
    this.out = new ByteWriter(initialBytes, chunks);
  }

  get byteCount(): number {
    return this.out.byteCount;
  }

  views(): readonly Buffer[] {
    return this.out.views();
  }

  view(): Buffer {
    return joined(this.views());
  }

  reset(keepBytesMax?: number): void {
    this.out.reset(keepBytesMax);
    this.rowCount = 0;
  }
}
