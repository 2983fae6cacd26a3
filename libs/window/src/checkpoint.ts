import { SpanloomError } from '@spanloom/runtime';
import type { WindowState } from './state';

/** A place in a partition's log and what the windows have come to there: enough to rebuild them. */
export interface Checkpoint {
  /** Offset of the next record to apply. */
  readonly applied: number;
  /** Sequence number of the last entry before it. */
  readonly seq: number;
  /** The log clock there, s. */
  readonly clockS: number;
}

/** The checkpoint's part that goes into the metadata of the commit of `applied`. */
export function checkpointMetadata(state: WindowState): string {
  return JSON.stringify({ v: 1, seq: state.seq, clock_s: state.clockS });
}

/** @throws SpanloomError 'state-corrupt' when the metadata is not ours */
export function parseCheckpoint(applied: number, metadata: string): Checkpoint {
  try {
    const { v, seq, clock_s } = JSON.parse(metadata) as Record<string, unknown>;
    if (v === 1 && Number.isSafeInteger(seq) && Number.isSafeInteger(clock_s)) {
      return { applied, seq: seq as number, clockS: clock_s as number };
    }
  } catch {
    // Said below.
  }
  throw new SpanloomError(
    'state-corrupt',
    'the committed offset carries no checkpoint, so the windows cannot be rebuilt; ' +
      'if offsets were reset by hand, delete the consumer group to begin at the start of the log',
    { details: { applied, metadata } },
  );
}
