import { type Kafka, type PartitionHandle, partitionLog } from '@spanloom/kafka';
import { faultPoint, type Logger, SpanloomError } from '@spanloom/runtime';
import {
  type Checkpoint,
  createWindowState,
  parseCheckpoint,
  type RecordReader,
  rebuildWindows,
  type WindowRules,
  type WindowState,
} from '@spanloom/window';
import type { WindowStore } from './window-store';

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
  await faultPoint('assembler.rebuilt');
  await store.save(state, rules);
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

/** Rebuilds the partition's windows at the checkpoint from the log. */
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
  const { applied } = checkpoint;
  const log = partitionLog(kafka, kafka.topic('spans'), partition);
  logger.warn({ partition, applied }, 'rebuilding windows from the log');
  const { state, from } = await rebuildWindows(checkpoint, { log, reader, rules, mirrored: true });
  logger.warn({ partition, from, applied }, 'windows rebuilt from the log');
  return state;
}
