import {
  type KafkaRecord,
  type PartitionHandle,
  type PartitionProcessor,
  recordsBefore,
  type Turns,
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
import { Pace } from './pace';
import { createSeqGate } from './seq-gate';
import type { settings } from './settings';

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
/** A block is taken for whole that may miss as much: the sizes of records differ. */
const WHOLE = 0.9;

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
  let provedAtMs = Number.NEGATIVE_INFINITY;
  const pace = new Pace({ handle, turns: deps.turns, clock, linger_ms: config.block_linger_ms });
  // Of the last block, as far as it went: for the next one.
  let recordBytes = 0;
  let behind_ms = 0;
  let readAt_ms = 0;

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

  /** What the block shows of its partition; before it is emptied. */
  function measureBlock(): void {
    recordBytes = block.bytes / (position - stored.offset);
    const { newestAtS } = block;
    if (newestAtS !== null) behind_ms = readAt_ms - newestAtS * 1000;
  }

  /** Inserts what was gathered, `[stored.offset, position)`. */
  async function store(): Promise<void> {
    if (position === stored.offset) return;
    measureBlock();
    await insertBlock();
    await faultPoint('sink.before-commit');
    const { last: seq, gapOffset } = gate;
    await commit({ offset: position, seq, gapOffset, intentTo: null });
    await faultPoint('sink.after-commit');
    inherited = false;
    block.reset();
    deps.budget.set(handle, 0);
    pace.gather(behind_ms);
  }

  const isFull = (): boolean =>
    block.rowCount >= config.block_rows_max ||
    block.bytes >= config.block_bytes_max ||
    deps.budget.isSpent;

  /** Whether the block would be full with what is known to wait in the log. */
  function isWhole(): boolean {
    const waiting = recordsBefore(handle, position) * recordBytes;
    return block.bytes + waiting >= config.block_bytes_max * WHOLE;
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
    const gapBefore = gate.gapOffset;
    await block.add(record, gate);
    if (gate.gapOffset !== gapBefore) tellOfGap();
    deps.budget.set(handle, block.bytes);
    position = record.offset + 1;
    readAt_ms = record.timestampMs;
    // While an intent is open, the block ends exactly where it says.
    if (stored.intentTo === null ? isFull() : position >= stored.intentTo) await store();
  }

  tellOfGap();
  return {
    position: () => position,
    async process(records) {
      for (const record of records) {
        if (handle.isLost()) return;
        if (record.offset >= position) await take(record);
      }
      // The range of an intent is never kept waiting.
      if (stored.intentTo !== null) return;
      if (pace.isReached(position)) await store();
      else if (pace.isReading && position > stored.offset) {
        measureBlock();
        pace.gather(behind_ms);
      }
      pace.look(isWhole());
    },
    async idle(caughtUp) {
      if (stored.intentTo !== null) return;
      pace.look(isWhole());
      if (!pace.isSpent(caughtUp)) return;
      if (position > stored.offset) await store();
      else pace.read();
    },
    async release(why) {
      try {
        if (why !== 'failed' && stored.intentTo === null) await store();
      } finally {
        deps.budget.set(handle, 0);
        pace.read();
        health.setProblem(`${topic}/${partition}`, null);
      }
    },
  };
}
