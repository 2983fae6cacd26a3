import type { LedgerEntry } from '@spanloom/avro';
import { RowWriter } from './row-writer';

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
export class LedgerRows extends RowWriter {
  append(partition: number, seq: number, entry: LedgerEntry): void {
    this.uint16(partition);
    this.int64(seq);
    this.uint32(entry.atS);
    this.int64(entry.fromOffset);
    this.int64(entry.toOffset);
    this.int64(entry.received);
    this.int64(entry.deadLettered);
    this.int64(entry.sampledOut);
    this.int64(entry.openSpans);
    this.rowCount++;
  }
}
