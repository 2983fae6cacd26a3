import type { DelayPane, ProducerCounters } from '@spanloom/avro';
import type { ByteWriter } from './byte-writer';
import { RowBinaryRows } from './row-binary-rows';

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
export class DelayRows extends RowBinaryRows {
  append(pane: DelayPane, origin: RowOrigin): void {
    this.out.text(pane.figure);
    this.out.text(pane.leg);
    this.out.text(pane.service);
    this.out.uint32(pane.start_s);
    this.out.int64(pane.count);
    this.out.int64(pane.clamped);
    this.out.float64(pane.sum);
    this.out.float64(pane.min);
    this.out.float64(pane.max);
    const { indices, counts } = pane;
    this.out.varint(indices.length);
    for (let i = 0; i < indices.length; i++) {
      this.out.uint16(indices[i] as number);
      this.out.int64(counts[i] as number);
    }
    writeOrigin(this.out, origin);
    this.rowCount++;
  }
}

/** Rows of `producer_counters`. */
export class CounterRows extends RowBinaryRows {
  append({ service, startId, ended, dropped }: ProducerCounters, origin: RowOrigin): void {
    this.out.text(service);
    this.out.text(startId);
    this.out.uint32(origin.at_s - (origin.at_s % 60));
    this.out.int64(ended);
    this.out.int64(dropped);
    writeOrigin(this.out, origin);
    this.rowCount++;
  }
}

function writeOrigin(out: ByteWriter, { partition, seq, at_s }: RowOrigin): void {
  out.uint32(at_s);
  out.varint(seq > 0 ? 1 : 0);
  if (seq === 0) return;
  out.uint16(partition);
  out.int64(seq);
}
