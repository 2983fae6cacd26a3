import { readWireHeader, WIRE_HEADER_BYTES } from '@spanloom/avro';
import { SPAN_KIND_NAMES, STATUS_CODE_NAMES } from '@spanloom/model';
import { AvroSource } from './avro-source';
import type { ChunkPool } from './chunk-pool';
import { RowBinaryRows } from './row-binary-rows';
import { copyText } from './text-copy';

/** Columns of `latency_panes` and `latency_ten_minutes` in the order in which {@link PaneRows} writes them. */
export const PANE_COLUMNS = [
  'PaneStart',
  'ServiceName',
  'SpanName',
  'SpanKind',
  'StatusCode',
  'Count',
  'Errors',
  'SumNano',
  'MinNano',
  'MaxNano',
  'Buckets',
  'Exemplar',
  'StoredAt',
  'Seqs',
] as const;

const DATE_TIME_MAX = 0xffffffff;
const DOUBLE_BYTES = 8;
/** A bucket of 2 bytes becomes 10; a pane's fixed part grows less. */
const GROWTH_MAX = 5;
const FIXED_BYTES = 256;

const TEN_MINUTES_S = 600;

/** Turns messages of the topic `latency` into rows of `latency_panes`. */
export class PaneRows extends RowBinaryRows {
  /** The same rows for `latency_ten_minutes`: there merges add them up by the ten minutes that they are in. */
  readonly tenMinutes: RowBinaryRows;
  partition = 0;
  /** Number of the message opened last. */
  seq = 0;
  /** Log clock at its flush, seconds since 1970. */
  flushedAtS = 0;
  private readonly source = new AvroSource();

  /** @param chunks where buffers come from; may be shared */
  constructor(initialBytes?: number, chunks?: ChunkPool) {
    super(initialBytes, chunks);
    this.tenMinutes = new RowBinaryRows(initialBytes, chunks);
  }

  /** Reads a message up to its panes. False when it is no such message. */
  open(value: Buffer): boolean {
    if (readWireHeader(value) === null) return false;
    const source = this.source;
    source.reset(value, WIRE_HEADER_BYTES, value.length);
    this.partition = source.long();
    this.seq = source.long();
    this.flushedAtS = source.long();
    return !source.broken && this.seq > 0 && Number.isSafeInteger(this.seq);
  }

  /**
   * Appends a row for each pane of the message that was opened.
   * @returns their number, or -1 with the rows as they were when a pane cannot be read
   */
  appendOpened(): number {
    const source = this.source;
    const bytes_max = (source.end - source.at) * GROWTH_MAX + FIXED_BYTES;
    let rows = 0;
    this.out.open(bytes_max);
    this.tenMinutes.out.open(bytes_max);
    for (let left = source.blockCount(); left > 0; left = source.blockCount()) {
      for (let i = left; i > 0 && !source.broken; i--) {
        const start = this.out.length;
        this.writePane();
        this.copyToTenMinutes(start);
        rows++;
      }
    }
    if (source.broken) {
      this.out.undo();
      this.tenMinutes.out.undo();
      return -1;
    }
    this.rowCount += rows;
    this.tenMinutes.rowCount += rows;
    return rows;
  }

  /** Copies the row at `start`: it begins with the time of the pane. */
  private copyToTenMinutes(start: number): void {
    const { out } = this;
    const to = this.tenMinutes.out;
    const bytes = out.length - start;
    to.ensure(bytes);
    const at = to.length;
    out.buffer.copy(to.buffer, at, start, out.length);
    const paneS = out.buffer.readUInt32LE(start);
    to.buffer.writeUInt32LE(paneS - (paneS % TEN_MINUTES_S), at);
    to.length = at + bytes;
  }

  private writePane(): void {
    const source = this.source;
    this.out.uint32(Math.max(0, Math.min(DATE_TIME_MAX, source.long())));
    copyText(source, this.out);
    copyText(source, this.out);
    this.name(SPAN_KIND_NAMES[source.long()]);
    this.name(STATUS_CODE_NAMES[source.long()]);
    this.count();
    this.count();
    this.double();
    this.double();
    const max = this.double();
    this.writeBuckets();
    this.out.float64(max);
    const ids = source.at;
    if (source.end - ids < 24) {
      source.break();
      return;
    }
    source.at += 24;
    this.out.hex(source.buffer, ids, 16);
    this.out.hex(source.buffer, ids + 16, 8);
    this.out.uint32(this.flushedAtS);
    this.out.varint(1);
    this.out.uint16(this.partition);
    this.out.int64(this.seq);
  }

  private name(name: string | undefined): void {
    if (name === undefined) this.source.break();
    else this.out.text(name);
  }

  private count(): void {
    const source = this.source;
    if (source.long() < 0) source.break();
    this.out.halves(source.lo, source.hi);
  }

  private double(): number {
    const source = this.source;
    if (source.end - source.at < DOUBLE_BYTES) return source.break();
    const value = source.view.getFloat64(source.at, true);
    source.at += DOUBLE_BYTES;
    this.out.float64(value);
    return value;
  }

  /** Avro may hold the buckets in several blocks: count them first. */
  private writeBuckets(): void {
    const source = this.source;
    const start = source.at;
    let total = 0;
    for (let left = source.blockCount(); left > 0; left = source.blockCount()) {
      total += left;
      for (let i = left * 2; i > 0 && !source.broken; i--) source.long();
    }
    if (source.broken) return;
    this.out.varint(total);
    source.at = start;
    for (let left = source.blockCount(); left > 0; left = source.blockCount()) {
      for (let i = left; i > 0 && !source.broken; i--) {
        const index = source.long();
        if (index < -32768 || index > 32767) source.break();
        this.out.uint16(index);
        this.count();
      }
    }
  }
}
