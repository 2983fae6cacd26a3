import type { ColumnSet } from './column-set';
import { nativeBlock } from './native-block';
import { joined, type Rows } from './rows';

/** Rows in ClickHouse's Native format: gathered by column. */
export class NativeRows<Columns extends ColumnSet> implements Rows {
  readonly format = 'Native';
  /** Whoever writes a row to the columns counts it. */
  rowCount = 0;

  constructor(protected readonly columns: Columns) {}

  get byteCount(): number {
    return this.columns.byteCount;
  }

  views(): readonly Buffer[] {
    if (this.rowCount === 0) return [];
    return nativeBlock(this.rowCount, this.columns.all());
  }

  view(): Buffer {
    return joined(this.views());
  }

  reset(keepBytesMax?: number): void {
    this.columns.reset(keepBytesMax);
    this.rowCount = 0;
  }
}
