import type { ByteWriter } from './byte-writer';
import type { ChunkPool } from './chunk-pool';
import { ColumnSet } from './column-set';
import type { NativeColumn } from './native-block';
import type { Stage, StageOwner } from './stage';
import type { Stream } from './stage-layout';

/** A column's name, the type that is sent, and the streams it is made of. */
export type StagedColumn = readonly [name: string, type: string, ...streams: Stream[]];

/** Columns whose values {@link Stage} makes, which has the latest of them. */
export class StageColumns extends ColumnSet {
  private readonly staged: Stream[] = [];

  constructor(
    chunks: ChunkPool,
    private readonly stage: Stage,
    private readonly owner: StageOwner,
  ) {
    super(chunks);
  }

  /** Has the streams of columns written here; gives their shapes. */
  protected stageAll(
    columns: readonly StagedColumn[],
  ): readonly (readonly [type: string, streams: readonly ByteWriter[]])[] {
    return columns.map(([, type, ...streams]) => [type, streams.map((one) => this.staging(one))]);
  }

  private staging(stream: Stream): ByteWriter {
    const { writers } = this.owner;
    const known = writers[stream];
    if (known) return known;
    const writer = this.stream();
    writers[stream] = writer;
    this.staged.push(stream);
    return writer;
  }

  override all(): readonly NativeColumn[] {
    this.stage.release(this.owner);
    return super.all();
  }

  override get byteCount(): number {
    return super.byteCount + this.stage.byteCountOf(this.owner, this.staged);
  }

  override reset(keepBytesMax?: number): void {
    this.stage.release(this.owner);
    for (const stream of this.staged) this.owner.elements[stream] = 0n;
    super.reset(keepBytesMax);
  }
}
