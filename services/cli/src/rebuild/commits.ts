import type { Kafka } from '@spanloom/kafka';
import { type Clock, SpanloomError } from '@spanloom/runtime';
import { type Checkpoint, parseCheckpoint } from '@spanloom/window';

const POLL_MS = 500;

/** Where the assembler last committed, per partition; partitions without a commit of ours are left out. */
export async function assemblerCheckpoints(
  kafka: Kafka,
  topicPrefix: string,
): Promise<ReadonlyMap<number, Checkpoint>> {
  const rows = await (await kafka.admin()).fetchCommitted(
    `${topicPrefix}assembler`,
    kafka.topic('spans'),
  );
  const checkpoints = new Map<number, Checkpoint>();
  for (const { partition, offset, metadata } of rows) {
    if (offset === null) continue;
    try {
      checkpoints.set(partition, parseCheckpoint(offset, metadata));
    } catch (error) {
      // Offsets that somebody set by hand say nothing of numbers.
      if (!(error instanceof SpanloomError)) throw error;
    }
  }
  return checkpoints;
}

/**
 * The number up to which the sink has stored a partition for sure, as its commits to the topic traces say;
 * partitions without a commit are left out.
 */
export async function storedSeqs(
  kafka: Kafka,
  topicPrefix: string,
): Promise<ReadonlyMap<number, number>> {
  const rows = await (await kafka.admin()).fetchCommitted(
    `${topicPrefix}sink-traces`,
    kafka.topic('traces'),
  );
  const stored = new Map<number, number>();
  for (const { partition, metadata } of rows) {
    const seq = seqIn(metadata);
    if (seq !== null) stored.set(partition, seq);
  }
  return stored;
}

function seqIn(metadata: string): number | null {
  try {
    const { seq } = JSON.parse(metadata) as Record<string, unknown>;
    return Number.isSafeInteger(seq) ? (seq as number) : null;
  } catch {
    return null;
  }
}

/** Waits until the sink has stored `wanted` of each partition, or `wait_ms` are over; gives what it has stored. */
export async function waitForSink(
  stored: () => Promise<ReadonlyMap<number, number>>,
  wanted: ReadonlyMap<number, number>,
  options: { readonly wait_ms: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ReadonlyMap<number, number>> {
  const { clock, signal } = options;
  const end_ms = clock.monotonicMs() + options.wait_ms;
  for (;;) {
    const seqs = await stored();
    const behind = [...wanted].some(([partition, seq]) => (seqs.get(partition) ?? 0) < seq);
    if (!behind || clock.monotonicMs() >= end_ms) return seqs;
    await clock.sleep(POLL_MS, signal);
  }
}
