import { SPAN_KIND_NAMES, STATUS_CODE_NAMES } from '@spanloom/model';
import { AvroSource } from './avro-source';
import { type ByteWriter, writeHex } from './byte-writer';
import { ChunkPool } from './chunk-pool';
import { NativeRows } from './native-rows';
import { SpanColumns } from './span-columns';
import { copyText } from './text-copy';

/** Why a span could not be turned into a row. */
export type SpanRowReason = 'start' | 'duration' | 'kind' | 'status' | 'malformed';

/** A column's texts as they go on the wire, length first. */
const wireTexts = (names: readonly string[]): readonly Uint8Array[] =>
  names.map((name) => Buffer.concat([Buffer.of(name.length), Buffer.from(name)]));
const KINDS = wireTexts(SPAN_KIND_NAMES);
const STATUSES = wireTexts(STATUS_CODE_NAMES);

/** Ids, parent, start and duration: what a span has at least before its texts. */
const HEAD_BYTES_MIN = 34;
/** Room in a stream for what does not depend on the span's length, such as an id. */
const FIXED_BYTES = 64;
/** The smallest event, 3 bytes, becomes 8 in one stream: no part of a span grows by more than this in any. */
const GROWTH_MAX = 4;
/** Reserved in each stream at most: a span that may need more, in one of forty streams, is rare. */
const RESERVED_BYTES_MAX = 4 * 1024;
/** Trace and span id of a link. */
const LINK_IDS_BYTES = 24;
/** A trace id as a String of hex. */
const ID_BYTES_MAX = 33;

/**
 * Turns spans in canonical Avro bytes into a block of `otel_traces` in ClickHouse's Native format, in one forward pass
 * and without an object per span or attribute: both formats hold texts as length and UTF-8. By columns, because reading
 * rows costs ClickHouse three times as much (RowBinary 4.7 µs a span, Native 1.9).
 * A span that cannot be read leaves no trace in the rows.
 */
export class SpanRows extends NativeRows<SpanColumns> {
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
  // What is the same for all spans of a fragment.
  private partition = 0;
  private seqLo = 0;
  private seqHi = 0;
  private storedAtS = 0;

  /** @param chunks where buffers come from; may be shared */
  constructor(chunks: ChunkPool = new ChunkPool()) {
    super(new SpanColumns(chunks));
  }

  /** Sets the columns of our own for the spans that follow. `storedAtS` is in seconds since 1970. */
  setFragment(partition: number, seq: number, storedAtS: number): void {
    this.partition = partition;
    this.seqLo = seq >>> 0;
    this.seqHi = Math.floor(seq / 2 ** 32);
    this.storedAtS = storedAtS;
  }

  /**
   * Appends the span that begins at `start`; nothing is read at `end` or after it.
   * @returns the offset after the span, or -1 with `reason` set and the rows as they were
   */
  append(buffer: Uint8Array, start: number, end: number): number {
    this.columns.open(Math.min((end - start) * GROWTH_MAX + FIXED_BYTES, RESERVED_BYTES_MAX));
    this.source.reset(buffer, start, end);
    if (this.writeHead() && this.writeRest()) {
      this.writeFragment();
      this.rowCount++;
      return this.source.at;
    }
    this.columns.undo();
    return -1;
  }

  private writeFragment(): void {
    const { partition, seq, storedAt } = this.columns;
    partition.uint16(this.partition);
    seq.halves(this.seqLo, this.seqHi);
    storedAt.uint32(this.storedAtS);
  }

  private writeHead(): boolean {
    const { source, columns } = this;
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
    columns.start.halves(this.startLo, this.startHi);
    columns.duration.halves(this.durationLo, this.durationHi);
    this.kind = source.long();
    const kind = KINDS[this.kind];
    if (kind === undefined) return this.refuse('kind');
    columns.kind.wire(kind);
    this.statusCode = source.long();
    const status = STATUSES[this.statusCode];
    if (status === undefined) return this.refuse('status');
    columns.status.wire(status);
    return !source.broken || this.refuse('malformed');
  }

  private writeIds(start: number): void {
    const { columns } = this;
    const input = this.source.buffer;
    writeId(columns.traceId, input, start, 16);
    writeId(columns.spanId, input, start + 16, 8);
    let bits = 0;
    for (let i = start + 24; i < start + 32; i++) bits |= input[i] as number;
    this.spanIdAt = start + 16;
    this.hasParent = bits !== 0;
    writeId(columns.parentSpanId, input, start + 24, this.hasParent ? 8 : 0);
  }

  private writeRest(): boolean {
    const { source, columns } = this;
    copyText(source, columns.service);
    this.serviceEnd = source.at;
    this.serviceStart = source.at - source.last;
    copyText(source, columns.name);
    this.nameEnd = source.at;
    this.nameStart = source.at - source.last;
    copyText(source, columns.traceState);
    source.long();
    columns.flags.uint32(source.lo);
    copyText(source, columns.statusMessage);
    copyText(source, columns.scopeName);
    copyText(source, columns.scopeVersion);
    columns.resource.copy(source);
    this.attributesAt = source.at;
    columns.attributes.copy(source);
    this.attributesEnd = source.at;
    this.writeEvents();
    this.writeLinks();
    return !source.broken || this.refuse('malformed');
  }

  private writeEvents(): void {
    const { source, columns } = this;
    let items = 0;
    for (let count = source.blockCount(); count > 0; count = source.blockCount()) {
      items += count;
      for (let i = count; i > 0 && !source.broken; i--) {
        source.long();
        columns.eventTimes.halves(source.lo, source.hi);
        copyText(source, columns.eventNames);
        columns.eventAttributes.copy(source);
      }
    }
    columns.eventEnds.add(items);
  }

  private writeLinks(): void {
    const { source, columns } = this;
    let items = 0;
    for (let count = source.blockCount(); count > 0; count = source.blockCount()) {
      items += count;
      for (let i = count; i > 0 && !source.broken; i--) {
        if (source.end - source.at < LINK_IDS_BYTES) {
          source.break();
          break;
        }
        writeId(columns.linkTraceIds, source.buffer, source.at, 16);
        writeId(columns.linkSpanIds, source.buffer, source.at + 16, 8);
        source.at += LINK_IDS_BYTES;
        copyText(source, columns.linkStates);
        columns.linkAttributes.copy(source);
      }
    }
    columns.linkEnds.add(items);
  }

  private refuse(reason: SpanRowReason): false {
    this.reason = this.source.broken ? 'malformed' : reason;
    return false;
  }
}

/** A String of `bytes` bytes in hex. */
function writeId(out: ByteWriter, input: Uint8Array, start: number, bytes: number): void {
  if (out.length + ID_BYTES_MAX > out.buffer.length) out.ensure(ID_BYTES_MAX);
  out.buffer[out.length] = bytes * 2;
  out.length = writeHex(out.buffer, out.length + 1, input, start, bytes);
}
