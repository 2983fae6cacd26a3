import { CallSketches } from './call-sketches';
import { ChunkPool } from './chunk-pool';
import { FragmentAnalysis } from './fragment-analysis';
import { FragmentColumns } from './fragment-columns';
import { NativeRows } from './native-rows';
import { ServiceCounts } from './service-counts';
import type { SpanRows } from './span-rows';

/** What a fragment says of itself; `@spanloom/avro`'s FragmentReader has it. */
export interface FragmentFields {
  readonly buffer: Uint8Array;
  readonly traceIdAt: number;
  readonly partition: number;
  readonly seq: number;
  /** 0 complete, 1 idle, 2 expired, 3 oversize, 4 evicted. */
  readonly reason: number;
  readonly late: boolean;
  readonly openedAtS: number;
  readonly closedAtS: number;
  readonly duplicateCount: number;
}

/** More than most rows add to any column: for a longer list its buffer grows. */
const RESERVED_BYTES = 512;
const STATUS_ERROR = 2;
const INT64_MAX_HI = 0x7fffffff;

/** Gathers what the spans of a fragment come to, and writes a row of `trace_fragments` for it: by column, as spans are. */
export class FragmentRows extends NativeRows<FragmentColumns> {
  /** The calls of the fragments written. */
  readonly edges = new CallSketches();
  private readonly services = new ServiceCounts();
  private readonly analysis = new FragmentAnalysis();
  private spans = 0;
  private errors = 0;
  private startLo = 0;
  private startHi = 0;
  private endLo = 0;
  private endHi = 0;
  private hasRoot = false;
  private rootSource: Uint8Array = Buffer.alloc(0);
  private rootSpanIdAt = 0;
  private rootServiceStart = 0;
  private rootServiceEnd = 0;
  private rootNameStart = 0;
  private rootNameEnd = 0;
  private rootStartLo = 0;
  private rootStartHi = 0;
  private rootDurationLo = 0;
  private rootDurationHi = 0;

  /** @param chunks where buffers come from; may be shared */
  constructor(chunks: ChunkPool = new ChunkPool()) {
    super(new FragmentColumns(chunks));
  }

  /** Begins the next fragment. */
  begin(): void {
    this.services.reset();
    this.analysis.begin();
    this.spans = 0;
    this.errors = 0;
    this.startLo = this.startHi = this.endLo = this.endHi = 0;
    this.hasRoot = false;
  }

  /** Counts the span that `rows` came to, whose bytes are in `source`. */
  addSpan(source: Uint8Array, rows: SpanRows): void {
    const isError = rows.statusCode === STATUS_ERROR;
    if (isError) this.errors++;
    const service = this.services.add(source, rows.serviceStart, rows.serviceEnd, isError);
    this.analysis.add(source, rows, service);
    this.stretch(rows);
    if (this.isBetterRoot(rows)) this.setRoot(source, rows);
    this.spans++;
  }

  private stretch(rows: SpanRows): void {
    const first = this.spans === 0;
    if (first || isBefore(rows.startLo, rows.startHi, this.startLo, this.startHi)) {
      this.startLo = rows.startLo;
      this.startHi = rows.startHi;
    }
    const sum = rows.startLo + rows.durationLo;
    let lo = sum >>> 0;
    let hi = rows.startHi + rows.durationHi + (sum > 0xffffffff ? 1 : 0);
    if (hi > INT64_MAX_HI) {
      hi = INT64_MAX_HI; // the end is later than DateTime64(9) can say
      lo = 0xffffffff;
    }
    if (first || isBefore(this.endLo, this.endHi, lo, hi)) {
      this.endLo = lo;
      this.endHi = hi;
    }
  }

  /** A root before any other span, and of those the earliest. */
  private isBetterRoot(rows: SpanRows): boolean {
    if (this.spans === 0) return true;
    if (this.hasRoot === rows.hasParent) return !this.hasRoot;
    return isBefore(rows.startLo, rows.startHi, this.rootStartLo, this.rootStartHi);
  }

  private setRoot(source: Uint8Array, rows: SpanRows): void {
    this.hasRoot = !rows.hasParent;
    this.rootSource = source;
    this.rootSpanIdAt = rows.spanIdAt;
    this.rootServiceStart = rows.serviceStart;
    this.rootServiceEnd = rows.serviceEnd;
    this.rootNameStart = rows.nameStart;
    this.rootNameEnd = rows.nameEnd;
    this.rootStartLo = rows.startLo;
    this.rootStartHi = rows.startHi;
    this.rootDurationLo = rows.durationLo;
    this.rootDurationHi = rows.durationHi;
  }

  /** Writes the fragment's row. `deadLettered`: spans of it that could not be read. */
  finish(fields: FragmentFields, deadLettered: number): void {
    const { columns } = this;
    columns.open(RESERVED_BYTES);
    columns.traceId.hex(fields.buffer, fields.traceIdAt, 16);
    columns.partition.uint16(fields.partition);
    columns.seq.int64(fields.seq);
    columns.reason.uint8(fields.reason);
    columns.late.uint8(fields.late ? 1 : 0);
    columns.openedAt.uint32(fields.openedAtS);
    columns.closedAt.uint32(fields.closedAtS);
    columns.spanCount.uint32(this.spans);
    columns.duplicateCount.uint32(fields.duplicateCount);
    columns.deadLetteredCount.uint32(deadLettered);
    columns.start.halves(this.startLo, this.startHi);
    columns.end.halves(this.endLo, this.endHi);
    columns.errorCount.uint32(this.errors);
    this.writeRoot();
    this.services.write(columns);
    this.analysis.write(columns, this.errors, this.edges);
    this.rowCount++;
  }

  private writeRoot(): void {
    const { hasRoot, rootSpanId, rootService, rootName, rootStart, rootDuration } = this.columns;
    hasRoot.uint8(this.spans > 0 && this.hasRoot ? 1 : 0);
    if (this.spans === 0) {
      for (const text of [rootSpanId, rootService, rootName]) text.uint8(0);
      rootStart.halves(0, 0);
      rootDuration.halves(0, 0);
      return;
    }
    rootSpanId.hex(this.rootSource, this.rootSpanIdAt, 8);
    rootService.bytes(this.rootSource, this.rootServiceStart, this.rootServiceEnd);
    rootName.bytes(this.rootSource, this.rootNameStart, this.rootNameEnd);
    rootStart.halves(this.rootStartLo, this.rootStartHi);
    rootDuration.halves(this.rootDurationLo, this.rootDurationHi);
  }
}

/** Compares 63-bit numbers given as halves; the high ones are not negative. */
function isBefore(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi < bHi || (aHi === bHi && aLo < bLo);
}
