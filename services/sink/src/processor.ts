import type { KafkaRecord, PartitionHandle, PartitionProcessor } from '@spanloom/kafka';
import { type Clock, type ConfigOf, faultPoint, type Logger } from '@spanloom/runtime';
import type { Block } from './block';
import { checkpointMetadata, parseCheckpoint, type SinkCheckpoint } from './checkpoint';
import type { Inserter } from './insert';
import type { SinkMetrics } from './metrics';
import { createSeqGate } from './seq-gate';
import type { settings } from './settings';

/** What the processors of one topic share. */
export interface SinkDeps {
  readonly topic: string;
  readonly config: ConfigOf<typeof settings>;
  readonly createBlock: (topic: string, partition: number, metrics: SinkMetrics) => Block;
  readonly inserter: Inserter;
  readonly metrics: SinkMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Stores one partition block by block. Before a block is inserted its range and the sequence number
 * before it are committed; after, its end. Whoever takes over reads the same range, accepts the same
 * entries and inserts under the same name, which ClickHouse then drops if it has it already.
 */
export async function createProcessor(
  handle: PartitionHandle,
  deps: SinkDeps,
): Promise<PartitionProcessor> {
  const { config, clock, metrics, topic } = deps;
  const { partition } = handle;
  const block = deps.createBlock(topic, partition, metrics);
  const committed = await handle.committed();
  let stored: SinkCheckpoint =
    committed.offset === null
      ? { offset: 0, seq: null, intentTo: null }
      : parseCheckpoint(committed.offset, committed.metadata);
  const gate = createSeqGate(stored.seq);
  let position = stored.offset;
  let begunAtMs = clock.monotonicMs();

  /** Inserts what was gathered, `[stored.offset, position)`. */
  async function store(): Promise<void> {
    if (position === stored.offset) return;
    const tables = block.tables();
    if (tables.length > 0) {
      if (stored.intentTo === null) {
        const intent = { ...stored, intentTo: position };
        await faultPoint('sink.before-intent');
        await handle.commit(intent.offset, checkpointMetadata(intent));
        await faultPoint('sink.after-intent');
      }
      await deps.inserter.insert(
        `${topic}-${partition}-${stored.offset}-${position}`,
        tables,
        handle,
      );
      await faultPoint('sink.after-insert');
      metrics.blocks.inc({ topic });
    }
    const next: SinkCheckpoint = { offset: position, seq: gate.last, intentTo: null };
    await handle.commit(next.offset, checkpointMetadata(next));
    await faultPoint('sink.after-commit');
    stored = next;
    block.reset();
  }

  function isFull(): boolean {
    return block.rowCount >= config.block_rows_max || block.bytes >= config.block_bytes_max;
  }

  /** While an intent is open, the block ends exactly where it says. */
  async function storeWhenDue(): Promise<void> {
    if (stored.intentTo !== null) {
      if (position >= stored.intentTo) await store();
      return;
    }
    const isOld = clock.monotonicMs() - begunAtMs >= config.block_linger_ms;
    if (isFull() || isOld) await store();
  }

  async function take(record: KafkaRecord): Promise<void> {
    // A gap in the offsets may hide the end of the intended range: it ends before this record then.
    if (stored.intentTo !== null && record.offset >= stored.intentTo) {
      position = stored.intentTo;
      await store();
    }
    if (position === stored.offset) begunAtMs = clock.monotonicMs();
    block.add(record, gate);
    position = record.offset + 1;
    if (stored.intentTo !== null ? position >= stored.intentTo : isFull()) await store();
  }

  return {
    position: () => position,
    async process(records) {
      for (const record of records) {
        if (handle.isLost()) return;
        if (record.offset >= position) await take(record);
      }
      await storeWhenDue();
    },
    idle: () => storeWhenDue(),
    async release(why) {
      if (why !== 'failed' && stored.intentTo === null) await store();
    },
  };
}
