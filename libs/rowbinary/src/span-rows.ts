import { ChunkPool } from './chunk-pool';
import { NativeRows } from './native-rows';
import { SpanColumns } from './span-columns';
import { type FragmentPlace, type Stage, StageOwner, sharedStage } from './stage';
import { SpanFault } from './stage-layout';

/** Why a span could not be turned into a row. */
export type SpanRowReason = Exclude<keyof typeof SpanFault, 'none'>;

/**
 * Turns spans in canonical Avro bytes into a block of `otel_traces` in ClickHouse's Native format, in one forward pass
 * and without an object per span or attribute: both formats hold texts as length and UTF-8. By columns, because reading
 * rows costs ClickHouse three times as much (RowBinary 4.7 µs a span, Native 1.9). The pass is WebAssembly's
 * (docs/adr/0012).
 *
 * A span that cannot be read leaves no trace in the rows.
 */
export class SpanRows extends NativeRows<SpanColumns> {
  /** Where the first span begins that {@link read} left: the end, unless one cannot be read. */
  at = 0;
  /** Why the span at {@link at} cannot be read. */
  reason: SpanRowReason = 'malformed';

  /**
   * @param chunks where buffers come from; may be shared
   * @param owner whose rows these are, with others
   */
  constructor(
    chunks: ChunkPool = new ChunkPool(),
    private readonly stage: Stage = sharedStage(),
    private readonly owner: StageOwner = new StageOwner(),
  ) {
    super(new SpanColumns(chunks, stage, owner));
  }

  /** Appends the spans that lie in `buffer[start…end)`, one fragment, up to the first that cannot be read; gives how many. */
  append(buffer: Uint8Array, place: FragmentPlace, start = 0, end = buffer.length): number {
    this.stage.begin(this.owner, place, end - start);
    return this.read(buffer, start, end);
  }

  /** The same for a part of the fragment that the stage has begun. */
  read(buffer: Uint8Array, start: number, end: number): number {
    const { stage } = this;
    const count = stage.read(buffer, start, end);
    this.rowCount += count;
    this.at = stage.stoppedAt;
    if (this.at < end) this.reason = SpanFault[stage.fault] as SpanRowReason;
    return count;
  }
}
