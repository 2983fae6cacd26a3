import { SpanloomError } from '@spanloom/runtime';

/** What the sink commits with a partition's offset. */
export interface SinkCheckpoint {
  /** Offset of the first record that is not stored for sure. */
  readonly offset: number;
  /** Last sequence number accepted before `offset`; null before the first. */
  readonly seq: number | null;
  /** When a block was about to be inserted: the offset after its last record. */
  readonly intentTo: number | null;
}

/** The part that goes into the commit's metadata. */
export function checkpointMetadata(checkpoint: SinkCheckpoint): string {
  return JSON.stringify({ v: 1, seq: checkpoint.seq, to: checkpoint.intentTo });
}

const isCount = (value: unknown): value is number | null =>
  value === null || Number.isSafeInteger(value);

/** @throws SpanloomError 'state-corrupt' when the metadata is not ours */
export function parseCheckpoint(offset: number, metadata: string): SinkCheckpoint {
  try {
    const { v, seq, to } = JSON.parse(metadata) as Record<string, unknown>;
    if (v === 1 && isCount(seq) && isCount(to)) return { offset, seq, intentTo: to };
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
