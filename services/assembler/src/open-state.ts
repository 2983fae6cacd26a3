import { type Kafka, type PartitionHandle, partitionLog } from '@spanloom/kafka';
import { faultPoint, type Logger, SpanloomError } from '@spanloom/runtime';
import {
  type Checkpoint,
  createDecidedReader,
  type Decisions,
  horizonS,
  parseCheckpoint,
  type RecordReader,
  readDecisions,
  rebuildWindows,
  type WindowRules,
  type WindowState,
} from '@spanloom/window';
import { beginWithoutCheckpoint } from './lost-checkpoint';
import type { WindowStore } from './window-store';

/** How a partition's state was found. */
export interface OpenedState {
  readonly state: WindowState;
  readonly source: 'redis' | 'rebuilt' | 'fresh';
  /** Reads what comes next: a former owner may have read, and decided on, some of it. */
  readonly reader: RecordReader;
}

/**
 * Finds the state of a partition: in Redis, else rebuilt from the log (a horizon before the committed
 * checkpoint), else by the log and the topic traces alone. A rebuilt state is written to Redis at once.
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
  const decidedSince = (since_s: number) => decisionsSince(since_s, handle.partition, kafka);
  const readerAfter = (decisions: Decisions): RecordReader =>
    createDecidedReader(deps.reader, decisions, { complete: false });
  if (stored !== null) {
    const reader = readerAfter(await decidedSince(stored.clockS));
    return { state: stored, source: 'redis', reader };
  }
  const committed = await handle.committed();
  if (committed.offset === null) {
    const reader = readerAfter(await decidedSince(0));
    const state = await beginWithoutCheckpoint(handle.partition, { ...deps, reader });
    return { state, source: 'fresh', reader };
  }
  const checkpoint = parseCheckpoint(committed.offset, committed.metadata);
  const decisions = await decidedSince(checkpoint.clockS - horizonS(rules));
  const reader = createDecidedReader(deps.reader, decisions, { complete: true });
  const state = await rebuild(handle.partition, checkpoint, { ...deps, reader });
  await faultPoint('assembler.rebuilt');
  await store.save(state, rules);
  return { state, source: 'rebuilt', reader: readerAfter(decisions) };
}

/** What was decided on records of a partition since a time of the log; see docs/adr/0002. */
async function decisionsSince(
  since_s: number,
  partition: number,
  kafka: Kafka,
): Promise<Decisions> {
  const topic = kafka.topic('dead-letters');
  const offsets = await (await kafka.admin()).offsets(topic);
  const end = offsets.find((o) => o.partition === partition)?.high ?? 0;
  const of = { topic: kafka.topic('spans'), partition, since_s, end };
  return readDecisions(partitionLog(kafka, topic, partition), of);
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
  const offsets = await (await kafka.admin()).offsets(kafka.topic('spans'));
  const low = offsets.find((o) => o.partition === partition)?.low ?? 0;
  if (low > 0 && from <= low) {
    const message =
      'the log does not reach back one horizon: windows that were open then may lack spans';
    logger.error({ partition, from, applied }, message);
  }
  logger.warn({ partition, from, applied }, 'windows rebuilt from the log');
  return state;
}
