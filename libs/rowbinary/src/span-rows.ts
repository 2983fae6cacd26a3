import { ChunkPool } from './chunk-pool';
import { NativeRows } from './native-rows';
import { SpanColumns } from './span-columns';
import { SpanFault } from './span-layout';
import { type SpanStage, STAGE_BYTES, sharedStage } from './span-stage';

/** Why a span could not be turned into a row. */
export type SpanRowReason = Exclude<keyof typeof SpanFault, 'none'>;

/**
 * Turns spans in canonical Avro bytes into a block of `otel_traces` in ClickHouse's Native format, in one forward pass
 * and without an object per span or attribute: both formats hold texts as length and UTF-8. By columns, because reading
 * rows costs ClickHouse three times as much (RowBinary 4.7 µs a span, Native 1.9). The pass is WebAssembly's
 * (docs/adr/0011): a third of what it took in JavaScript.
 *
 * `begin` a run of spans, then `next` for each. A span that cannot be read leaves no trace in the rows.
 */
export class SpanRows extends NativeRows<SpanColumns> {
  /** Of the span that {@link next} came to: offsets into its source, and its header fields. */
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
  /** Where the first span begins that is in no row: the end, unless one cannot be read. */
  at = 0;
  /** Why the span at {@link at} cannot be read, when {@link next} says that there are no more before the end. */
  reason: SpanRowReason = 'malformed';

  // What is the same for all spans of a fragment.
  private readonly place = { partition: 0, seqLo: 0, seqHi: 0, storedAtS: 0 };
  private source: Uint8Array = Buffer.alloc(0);
  private end = 0;
  // Of what was read last: the facts of the next span, and of how many spans there are more.
  private factAt = 0;
  private left = 0;

  private readonly stage: SpanStage;

  /** @param chunks where buffers come from; may be shared */
  constructor(chunks: ChunkPool = new ChunkPool()) {
    const stage = sharedStage();
    super(new SpanColumns(chunks, stage));
    this.stage = stage;
  }

  /** Sets the columns of our own for the spans that follow. `storedAtS` is in seconds since 1970. */
  setFragment(partition: number, seq: number, storedAtS: number): void {
    const { place } = this;
    place.partition = partition;
    place.seqLo = seq >>> 0;
    place.seqHi = Math.floor(seq / 2 ** 32);
    place.storedAtS = storedAtS;
  }

  /** Begins the spans that lie in `buffer[start…end)` one after the other; no others may be begun before all are read. */
  begin(buffer: Uint8Array, start: number, end: number): void {
    this.source = buffer;
    this.at = start;
    this.end = end;
    this.left = 0;
  }

  /** Appends the next span; false at the end, or when it cannot be read: `at` and `reason` then say where and why. */
  next(): boolean {
    if (this.left === 0 && !this.read()) return false;
    const { facts } = this.stage;
    // In the order of SpanFact.
    let at = this.factAt;
    this.spanIdAt = facts[at++] as number;
    this.hasParent = facts[at++] !== 0;
    this.startLo = (facts[at++] as number) >>> 0;
    this.startHi = facts[at++] as number;
    this.durationLo = (facts[at++] as number) >>> 0;
    this.durationHi = facts[at++] as number;
    this.kind = facts[at++] as number;
    this.statusCode = facts[at++] as number;
    this.serviceStart = facts[at++] as number;
    this.serviceEnd = facts[at++] as number;
    this.nameStart = facts[at++] as number;
    this.nameEnd = facts[at++] as number;
    this.attributesAt = facts[at++] as number;
    this.attributesEnd = facts[at++] as number;
    this.factAt = at;
    this.left--;
    return true;
  }

  /** Reads a piece of spans; false when there are none, or the first is broken. */
  private read(): boolean {
    const { stage, end } = this;
    for (let pieceBytes = STAGE_BYTES; this.at < end; pieceBytes *= 2) {
      const pieceEnd = Math.min(end, this.at + pieceBytes);
      this.left = stage.read(this.columns, this.place, this.source, this.at, pieceEnd);
      this.rowCount += this.left;
      this.factAt = stage.factsAt;
      this.at = stage.stoppedAt;
      if (this.left > 0) return true;
      this.reason = SpanFault[stage.fault] as SpanRowReason;
      // A span that the piece's end cuts off needs a larger one.
      if (pieceEnd === end || stage.fault !== SpanFault.malformed) return false;
    }
    return false;
  }
}
