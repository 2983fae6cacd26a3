import type { LedgerEntry } from '@spanloom/avro';
import { RowBinaryRows } from './row-binary-rows';

/** Columns of `ledger` in the order in which {@link LedgerRows} writes them. */
export const LEDGER_COLUMNS = [
  'Partition',
  'Seq',
  'At',
  'FromOffset',
  'ToOffset',
  'Received',
  'DeadLettered',
  'SampledOut',
  'OpenSpans',
] as const;

/** Rows of `ledger`. */
export class LedgerRows extends RowBinaryRows {
  append(partition: number, seq: number, entry: LedgerEntry): void {
    this.out.uint16(partition);
    this.out.int64(seq);
    this.out.uint32(entry.atS);
    this.out.int64(entry.fromOffset);
    this.out.int64(entry.toOffset);
    this.out.int64(entry.received);
    this.out.int64(entry.deadLettered);
    this.out.int64(entry.sampledOut);
    this.out.int64(entry.openSpans);
    this.rowCount++;
  }
}
