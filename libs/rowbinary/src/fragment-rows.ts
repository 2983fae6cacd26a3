import type { ChunkPool } from './chunk-pool';
import { FragmentColumns } from './fragment-columns';
import { NativeRows } from './native-rows';
import type { FragmentFields, Stage, StageOwner } from './stage';

/** Rows of `trace_fragments`: what the spans of each fragment come to, by column, as spans are. */
export class FragmentRows extends NativeRows<FragmentColumns> {
  /**
   * @param chunks where buffers come from; may be shared
   * @param owner whose rows these are, with others
   */
  constructor(
    chunks: ChunkPool,
    private readonly stage: Stage,
    owner: StageOwner,
  ) {
    super(new FragmentColumns(chunks, stage, owner));
  }

  /** Writes the row of the fragment that the stage has read. `deadLettered`: spans of it that could not be read. */
  finish(fields: FragmentFields, deadLettered: number): void {
    this.stage.finish(fields, deadLettered);
    this.rowCount++;
  }
}
