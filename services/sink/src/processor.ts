import {
  type KafkaRecord,
  type PartitionHandle,
  type PartitionProcessor,
  recordsBefore,
} from '@spanloom/kafka';
import {
  type Clock,
  type ConfigOf,
  faultPoint,
  type Logger,
  type MutableHealth,
} from '@spanloom/runtime';
import type { Block } from './block';
import type { ByteBudget } from './byte-budget';
import {
  checkpointMetadata,
  FIRST_CHECKPOINT,
  parseCheckpoint,
  type SinkCheckpoint,
} from './checkpoint';
import type { Inserter } from './insert';
import type { SinkMetrics } from './metrics';
import { createSeqGate } from './seq-gate';
import type { settings } from './settings';
import type { Turns } from './turns';

/** What the processors of one topic share. */
export interface SinkDeps {
  readonly topic: string;
  readonly config: ConfigOf<typeof settings>;
  readonly createBlock: (topic: string, partition: number) => Block;
  /** The last number that is stored of a partition without a commit; null when it was never read. */
  readonly storedBefore: (partition: number) => Promise<number | null>;
  readonly inserter: Inserter;
  readonly budget: ByteBudget;
  readonly turns: Turns;
  readonly metrics: SinkMetrics;
  readonly health: MutableHealth;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * A commit that went well less long ago than this proves that the partition is ours. ClickHouse forgets
 * tokens after 10,000 blocks: an owner that slept for longer must not insert before it has asked.
 */
const PROOF_MS_MAX = 5_000;
/** A partition with this part of a full block before it is far behind. */
const FAR_BEHIND = 1 / 4;
/** A block lingers for so many times longer while its partition waits for its turn to go on filling it. */
const WAITING_LINGERS = 10;

/**
 * Stores one partition block by block. Before a block is inserted its range and the sequence number
 * before it are committed; after, its end. Whoever takes over reads the same range, accepts the same
 * entries and inserts under the same name, which ClickHouse then drops if it has it already.
 */
export async function createProcessor(
  handle: PartitionHandle,
  deps: SinkDeps,
): Promise<PartitionProcessor> {
  const { config, clock, metrics, health, topic } = deps;
  const { partition } = handle;
  const block = deps.createBlock(topic, partition);
  const committed = await handle.committed();
  let stored: SinkCheckpoint =
    committed.offset === null
      ? { ...FIRST_CHECKPOINT, seq: await deps.storedBefore(partition) }
      : parseCheckpoint(committed.offset, committed.metadata);
  let inherited = stored.intentTo !== null;
  const gate = createSeqGate(stored.seq, stored.gapOffset);
  let position = stored.offset;
  let begunAtMs = clock.monotonicMs();
  let provedAtMs = Number.NEGATIVE_INFINITY;
  let recordBytes = 0;

  async function commit(checkpoint: SinkCheckpoint): Promise<void> {
    await handle.commit(checkpoint.offset, checkpointMetadata(checkpoint));
    provedAtMs = clock.monotonicMs();
    stored = checkpoint;
  }

  async function proveOwner(): Promise<void> {
    if (clock.monotonicMs() - provedAtMs > PROOF_MS_MAX) await commit(stored);
  }

  async function insertBlock(): Promise<void> {
    const tables = block.tables();
    if (tables.length === 0) return;
    if (stored.intentTo === null) {
      await faultPoint('sink.before-intent');
      await commit({ ...stored, intentTo: position });
      await faultPoint('sink.after-intent');
    }
    const name = `${topic}-${partition}-${stored.offset}-${position}`;
    const holder = `${topic}/${partition}`;
    await deps.inserter.insert({ name, holder, tables, inherited, handle, proveOwner });
    metrics.blocks.inc({ topic });
  }

  /** Inserts what was gathered, `[stored.offset, position)`. */
  async function store(): Promise<void> {
    if (position === stored.offset) return;
    await insertBlock();
    await faultPoint('sink.before-commit');
    const { last: seq, gapOffset } = gate;
    await commit({ offset: position, seq, gapOffset, intentTo: null });
    await faultPoint('sink.after-commit');
    inherited = false;
    block.reset();
    deps.budget.set(handle, 0);
    deps.turns.end(handle);
  }

  const isFull = (): boolean =>
    block.rowCount >= config.block_rows_max ||
    block.bytes >= config.block_bytes_max ||
    deps.budget.isSpent;

  function isOld(): boolean {
    const lingers = deps.turns.isWaiting(handle) ? WAITING_LINGERS : 1;
    return clock.monotonicMs() - begunAtMs >= config.block_linger_ms * lingers;
  }

  /** Far behind, and free to end the block anywhere: then blocks get full, and partitions take turns. */
  function isFarBehind(): boolean {
    if (position > stored.offset) recordBytes = block.bytes / (position - stored.offset);
    const lag = recordsBefore(handle, position);
    return stored.intentTo === null && lag * recordBytes >= config.block_bytes_max * FAR_BEHIND;
  }

  /** While an intent is open, the block ends exactly where it says. */
  async function storeWhen(due: () => boolean): Promise<void> {
    if (stored.intentTo === null ? due() : position >= stored.intentTo) await store();
  }

  function tellOfGap(): void {
    const why =
      gate.gapOffset === null
        ? null
        : `number ${(gate.last ?? 0) + 1} is missing since offset ${gate.gapOffset}; nothing after it is stored`;
    health.setProblem(`${topic}/${partition}`, why);
  }

  async function take(record: KafkaRecord): Promise<void> {
    // A gap in the offsets may hide the end of the intended range: it ends before this record then.
    if (stored.intentTo !== null && record.offset >= stored.intentTo) {
      position = stored.intentTo;
      await store();
    }
    if (position === stored.offset) begunAtMs = clock.monotonicMs();
    const gapBefore = gate.gapOffset;
    await block.add(record, gate);
    if (gate.gapOffset !== gapBefore) tellOfGap();
    deps.budget.set(handle, block.bytes);
    position = record.offset + 1;
    await storeWhen(isFull);
  }

  tellOfGap();
  return {
    position: () => position,
    async process(records) {
      for (const record of records) {
        if (handle.isLost()) return;
        if (record.offset >= position) await take(record);
      }
      await storeWhen(isOld);
      if (isFarBehind()) deps.turns.ask(handle);
      else deps.turns.end(handle);
    },
    idle: () => storeWhen(isOld),
    async release(why) {
      try {
        if (why !== 'failed' && stored.intentTo === null) await store();
      } finally {
        deps.budget.set(handle, 0);
        deps.turns.end(handle);
        health.setProblem(`${topic}/${partition}`, null);
      }
    },
  };
}
