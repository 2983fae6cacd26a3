import type { DelayPane, ProducerCounters } from '@spanloom/avro';
import { RowWriter } from './row-writer';

/** Columns of `pipeline_delays` in the order in which {@link DelayRows} writes them. */
export const DELAY_COLUMNS = [
  'Figure',
  'Leg',
  'ServiceName',
  'PaneStart',
  'Count',
  'Clamped',
  'SumNano',
  'MinNano',
  'MaxNano',
  'Buckets',
  'StoredAt',
  'Seqs',
] as const;

/** Columns of `producer_counters` in the order in which {@link CounterRows} writes them. */
export const COUNTER_COLUMNS = [
  'ServiceName',
  'StartId',
  'Minute',
  'Ended',
  'Dropped',
  'StoredAt',
  'Seqs',
] as const;

/** Where a row comes from: the record's place in its partition, and its append time. */
export interface RowOrigin {
  readonly partition: number;
  /** Rises with the offset, from 1; 0: from no partition. */
  readonly seq: number;
  readonly at_s: number;
}

/** Rows of `pipeline_delays`. */
export class DelayRows extends RowWriter {
  append(pane: DelayPane, origin: RowOrigin): void {
    this.text(pane.figure);
    this.text(pane.leg);
    this.text(pane.service);
    this.uint32(pane.start_s);
    this.int64(pane.count);
    this.int64(pane.clamped);
    this.float64(pane.sum);
    this.float64(pane.min);
    this.float64(pane.max);
    const { indices, counts } = pane;
    this.varint(indices.length);
    for (let i = 0; i < indices.length; i++) {
      this.uint16(indices[i] as number);
      this.int64(counts[i] as number);
    }
    writeOrigin(this, origin);
    this.rowCount++;
  }
}

/** Rows of `producer_counters`. */
export class CounterRows extends RowWriter {
  append({ service, startId, ended, dropped }: ProducerCounters, origin: RowOrigin): void {
    this.text(service);
    this.text(startId);
    this.uint32(origin.at_s - (origin.at_s % 60));
    this.int64(ended);
    this.int64(dropped);
    writeOrigin(this, origin);
    this.rowCount++;
  }
}

function writeOrigin(rows: RowWriter, { partition, seq, at_s }: RowOrigin): void {
  rows.uint32(at_s);
  rows.varint(seq > 0 ? 1 : 0);
  if (seq === 0) return;
  rows.uint16(partition);
  rows.int64(seq);
}
