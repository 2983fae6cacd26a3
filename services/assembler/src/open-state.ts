import { type Kafka, type PartitionHandle, readRange } from '@spanloom/kafka';
import { type Logger, SpanloomError } from '@spanloom/runtime';
import {
  advance,
  createWindowState,
  horizonS,
  scanRecord,
  step,
  type WindowRules,
  type WindowState,
} from '@spanloom/window';
import type { RecordReader } from './record-reader';
import type { WindowStore } from './window-store';

/** What is committed with the offset: enough to rebuild the windows from the log alone. */
export interface Checkpoint {
  readonly applied: number;
  readonly seq: number;
  readonly clockS: number;
}

/** The checkpoint's part that goes into the commit's metadata. */
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

/** How a partition's state was found. */
export interface OpenedState {
  readonly state: WindowState;
  readonly source: 'redis' | 'rebuilt' | 'fresh';
}

/**
 * Finds the state of a partition: in Redis, else rebuilt from the log (a horizon before the committed
 * checkpoint), else fresh at the log's beginning. A rebuilt state is written to Redis at once.
 */
export async function openState(
  handle: PartitionHandle,
  deps: {
    readonly kafka: Kafka;
    readonly store: WindowStore;
    readonly reader: RecordReader;
    readonly rules: WindowRules;
    readonly logger: Logger;
  },
): Promise<OpenedState> {
  const { store, rules, logger, kafka } = deps;
  const stored = await loadOrDiscard(store, rules, logger);
  if (stored !== null) return { state: stored, source: 'redis' };
  const committed = await handle.committed();
  if (committed.offset === null) {
    const offsets = await (await kafka.admin()).offsets(kafka.topic('spans'));
    const low = offsets.find((o) => o.partition === handle.partition)?.low ?? 0;
    return { state: createWindowState({ applied: low, mirrored: true }), source: 'fresh' };
  }
  const checkpoint = parseCheckpoint(committed.offset, committed.metadata);
  const state = await rebuild(handle.partition, checkpoint, deps);
  await store.save(state);
  return { state, source: 'rebuilt' };
}

async function loadOrDiscard(
  store: WindowStore,
  rules: WindowRules,
  logger: Logger,
): Promise<WindowState | null> {
  try {
    return await store.load(rules);
  } catch (error) {
    if (!(error instanceof SpanloomError) || error.code !== 'state-corrupt') throw error;
    logger.error({ error }, 'windows in Redis are damaged; rebuilding them from the log');
    await store.discard();
    return null;
  }
}

/** Replays the last horizon of the log before the checkpoint, emitting nothing. */
async function rebuild(
  partition: number,
  checkpoint: Checkpoint,
  deps: {
    readonly kafka: Kafka;
    readonly reader: RecordReader;
    readonly rules: WindowRules;
    readonly logger: Logger;
  },
): Promise<WindowState> {
  const { kafka, reader, rules, logger } = deps;
  const topic = kafka.topic('spans');
  const admin = await kafka.admin();
  const sinceS = checkpoint.clockS - horizonS(rules);
  const from = await admin.offsetForTimestamp(topic, partition, Math.max(0, sinceS * 1000));
  const first = Math.min(from ?? checkpoint.applied, checkpoint.applied);
  const state = createWindowState({ applied: first, mirrored: true });
  logger.warn(
    { partition, from: first, to: checkpoint.applied },
    'rebuilding windows from the log',
  );
  if (first < checkpoint.applied) {
    await readRange(kafka, topic, partition, first, checkpoint.applied, async (records) => {
      for (const record of records) {
        const value = await reader.canonicalValue(record);
        step(
          state,
          typeof value === 'string'
            ? reader.dead(record, value)
            : scanRecord(record.offset, record.timestampMs, value),
          rules,
        );
      }
    });
  }
  advance(state, checkpoint.clockS, rules, []);
  state.seq = checkpoint.seq;
  state.applied = checkpoint.applied;
  return state;
}
