import { SPAN_KIND_NAMES, STATUS_CODE_NAMES } from '@spanloom/model';
import { AvroSource } from './avro-source';
import { NestedItems } from './nested';
import { RowWriter, writeHex } from './row-writer';
import { copyMap, copyText } from './text-copy';

/** Columns of `otel_traces` in the order in which {@link SpanRows} writes them: that of the Avro layout. */
export const SPAN_COLUMNS = [
  'TraceId',
  'SpanId',
  'ParentSpanId',
  'Timestamp',
  'Duration',
  'SpanKind',
  'StatusCode',
  'ServiceName',
  'SpanName',
  'TraceState',
  'Flags',
  'StatusMessage',
  'ScopeName',
  'ScopeVersion',
  'ResourceAttributes',
  'SpanAttributes',
  'Events.Timestamp',
  'Events.Name',
  'Events.Attributes',
  'Links.TraceId',
  'Links.SpanId',
  'Links.TraceState',
  'Links.Attributes',
  'Partition',
  'Seq',
  'StoredAt',
] as const;

/** Why a span could not be turned into a row. */
export type SpanRowReason = 'start' | 'duration' | 'kind' | 'status' | 'malformed';

/** A column's texts as they go on the wire, length first. */
const wireTexts = (names: readonly string[]): readonly Uint8Array[] =>
  names.map((name) => Buffer.concat([Buffer.of(name.length), Buffer.from(name)]));
const KINDS = wireTexts(SPAN_KIND_NAMES);
const STATUSES = wireTexts(STATUS_CODE_NAMES);

/** Ids, parent, start and duration: what a span has at least before its texts. */
const HEAD_BYTES_MIN = 34;
/** Room for a row's fixed parts: ids as hex, numbers, enum texts, counts. */
const FIXED_BYTES = 256;
/** The smallest event, 3 bytes, becomes 10: no part of a span grows by more than this. */
const GROWTH_MAX = 4;

/**
 * Turns spans in canonical Avro bytes into rows of `otel_traces` in RowBinary, in one forward pass and
 * without an object per span or attribute: both formats hold texts as length and UTF-8.
 * A span that cannot be read leaves no trace in the rows.
 */
export class SpanRows extends RowWriter {
  /** Of the span appended last: offsets into its source, and its header fields. */
  spanIdAt = 0;
  hasParent = false;
  startLo = 0;
  startHi = 0;
  durationLo = 0;
  durationHi = 0;
  kind = 0;
  statusCode = 0;
  serviceStart = 0;
  serviceEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  /** Where its own attributes begin, and what follows them. */
  attributesAt = 0;
  attributesEnd = 0;
  /** Why the last {@link append} failed. */
  reason: SpanRowReason = 'malformed';

  private readonly source = new AvroSource();
  private readonly nested = new NestedItems();
  /** Partition, Seq and StoredAt as they end each row. */
  private readonly tail = Buffer.alloc(14);

  /** Sets the columns of our own for the spans that follow. `storedAtS` is in seconds since 1970. */
  setFragment(partition: number, seq: number, storedAtS: number): void {
    this.tail.writeUInt16LE(partition, 0);
    this.tail.writeUInt32LE(seq >>> 0, 2);
    this.tail.writeUInt32LE(Math.floor(seq / 4294967296) >>> 0, 6);
    this.tail.writeUInt32LE(storedAtS >>> 0, 10);
  }

  /**
   * Appends the span that begins at `start`; nothing is read at `end` or after it.
   * @returns the offset after the span, or -1 with `reason` set and the rows as they were
   */
  append(buffer: Uint8Array, start: number, end: number): number {
    this.beginRow((end - start) * GROWTH_MAX + FIXED_BYTES);
    const mark = this.length;
    this.source.reset(buffer, start, end);
    if (this.writeHead() && this.writeRest()) {
      this.rowCount++;
      return this.source.at;
    }
    this.length = mark;
    return -1;
  }

  private writeHead(): boolean {
    const source = this.source;
    const start = source.at;
    if (source.end - start < HEAD_BYTES_MIN) return this.refuse('malformed');
    this.writeIds(start);
    source.at = start + 32;
    source.long();
    this.startLo = source.lo;
    this.startHi = source.hi;
    source.long();
    this.durationLo = source.lo;
    this.durationHi = source.hi;
    if (this.startHi < 0) return this.refuse('start');
    if (this.durationHi < 0) return this.refuse('duration');
    this.writeLong(this.startLo, this.startHi);
    this.writeLong(this.durationLo, this.durationHi);
    this.kind = source.long();
    const kind = KINDS[this.kind];
    if (kind === undefined) return this.refuse('kind');
    this.writeWire(kind);
    this.statusCode = source.long();
    const status = STATUSES[this.statusCode];
    if (status === undefined) return this.refuse('status');
    this.writeWire(status);
    return !source.broken || this.refuse('malformed');
  }

  private writeIds(start: number): void {
    const out = this.buffer;
    const input = this.source.buffer;
    let at = this.length;
    out[at++] = 32;
    at = writeHex(out, at, input, start, 16);
    out[at++] = 16;
    at = writeHex(out, at, input, start + 16, 8);
    let bits = 0;
    for (let i = start + 24; i < start + 32; i++) bits |= input[i] as number;
    this.spanIdAt = start + 16;
    this.hasParent = bits !== 0;
    out[at++] = this.hasParent ? 16 : 0;
    this.length = this.hasParent ? writeHex(out, at, input, start + 24, 8) : at;
  }

  private writeRest(): boolean {
    const source = this.source;
    copyText(source, this);
    this.serviceEnd = source.at;
    this.serviceStart = source.at - source.last;
    copyText(source, this);
    this.nameEnd = source.at;
    this.nameStart = source.at - source.last;
    copyText(source, this);
    source.long();
    this.writeInt(source.lo);
    copyText(source, this);
    copyText(source, this);
    copyText(source, this);
    copyMap(source, this);
    this.attributesAt = source.at;
    copyMap(source, this);
    this.attributesEnd = source.at;
    this.nested.scan(source, 0);
    if (source.broken) return this.refuse('malformed');
    this.nested.writeEvents(source, this);
    this.nested.scan(source, 24);
    if (source.broken) return this.refuse('malformed');
    this.nested.writeLinks(source, this);
    this.writeWire(this.tail);
    return true;
  }

  private refuse(reason: SpanRowReason): false {
    this.reason = this.source.broken ? 'malformed' : reason;
    return false;
  }

  private writeInt(value: number): void {
    const out = this.buffer;
    const at = this.length;
    out[at] = value;
    out[at + 1] = value >>> 8;
    out[at + 2] = value >>> 16;
    out[at + 3] = value >>> 24;
    this.length = at + 4;
  }

  private writeLong(lo: number, hi: number): void {
    this.writeInt(lo);
    this.writeInt(hi);
  }

  /** Few bytes that are in wire form already. */
  private writeWire(bytes: Uint8Array): void {
    const out = this.buffer;
    const at = this.length;
    for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i] as number;
    this.length = at + bytes.length;
  }
}
