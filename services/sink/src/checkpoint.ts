import { SpanloomError } from '@spanloom/runtime';

/** What the sink commits with a partition's offset. */
export interface SinkCheckpoint {
  /** Offset of the first record that is not stored for sure. */
  readonly offset: number;
  /** Last sequence number accepted before `offset`; null before the first. */
  readonly seq: number | null;
  /** When a block was about to be inserted: the offset after its last record. */
  readonly intentTo: number | null;
  /** While a number is missing: offset of the first record refused for it, where reading can begin again. */
  readonly gapOffset: number | null;
}

/** Where a partition begins that was never read. */
export const FIRST_CHECKPOINT: SinkCheckpoint = {
  offset: 0,
  seq: null,
  intentTo: null,
  gapOffset: null,
};

/** The part that goes into the commit's metadata. */
export function checkpointMetadata(checkpoint: SinkCheckpoint): string {
  const { seq, intentTo, gapOffset } = checkpoint;
  return JSON.stringify({ v: 1, seq, to: intentTo, gap: gapOffset });
}

const isCount = (value: unknown): value is number | null =>
  value === null || Number.isSafeInteger(value);

/** @throws SpanloomError 'state-corrupt' when the metadata is not ours */
export function parseCheckpoint(offset: number, metadata: string): SinkCheckpoint {
  try {
    const { v, seq, to, gap } = JSON.parse(metadata) as Record<string, unknown>;
    if (v === 1 && isCount(seq) && isCount(to) && isCount(gap)) {
      return { offset, seq, intentTo: to, gapOffset: gap };
    }
  } catch {
    // Said below.
  }
  throw new SpanloomError(
    'state-corrupt',
    'the committed offset carries no sink checkpoint; if offsets were reset by hand, ' +
      'delete the consumer group to begin at the start of the log',
    { details: { offset, metadata } },
  );
}
