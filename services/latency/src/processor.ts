import type { FigureSender } from '@spanloom/figures';
import {
  type Kafka,
  type PartitionHandle,
  type PartitionProcessor,
  type Producer,
  recordsBefore,
} from '@spanloom/kafka';
import { type Clock, faultPoint, type Logger, type Pressure } from '@spanloom/runtime';
import {
  checkpointOf,
  createLatencyState,
  encodeCheckpoint,
  isGathering,
  type LatencyFlush,
  type LatencyRules,
  step,
} from '@spanloom/sketch';
import type { BatchReader, ReadBatch } from '@spanloom/window';
import { createDirectReports, hasReport } from './direct-reports';
import type { LatencyMetrics } from './metrics';
import { openPartition } from './open-partition';

/** What all partitions of the process share. */
export interface LatencyDeps {
  readonly rules: LatencyRules;
  readonly tick_quiet_ms: number;
  readonly kafka: Kafka;
  /** Writes in order: the sequence rule depends on it. */
  readonly producer: Producer;
  readonly reader: BatchReader;
  /** The registry's id of the schema of the topic latency. */
  readonly schemaId: number;
  readonly metrics: LatencyMetrics;
  readonly figures: FigureSender;
  readonly pressure: Pressure;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Where nothing is gathered, the position is committed at most this often. */
const COMMIT_INTERVAL_MS = 1000;

/**
 * Owns one partition: gathers its records into panes, writes each flush to `latency` in order, and
 * commits the offset of the first record that is not in it together with the next number. Nothing is
 * kept anywhere else: a crash between any two of these reads the same records again and writes the
 * same messages with the same numbers, which the sink drops.
 */
export async function createProcessor(
  handle: PartitionHandle,
  deps: LatencyDeps,
): Promise<PartitionProcessor> {
  const { clock, metrics, kafka, producer } = deps;
  const { partition } = handle;
  const labels = { partition: String(partition) };
  const opened = await openPartition(handle, kafka);
  const state = createLatencyState(partition, deps.schemaId, deps.rules, opened.checkpoint);
  metrics.openings.inc({ source: opened.source });
  const reports = createDirectReports(deps.figures);
  const reading = deps.pressure.attach(handle);
  const log = opened.source === 'recovered' ? 'warn' : 'info';
  deps.logger[log]({ partition, ...opened }, 'partition opened');

  let position = opened.offset;
  let committed = opened.offset;
  let committedAtMs = clock.monotonicMs();
  let quietSinceMs = clock.monotonicMs();
  let counted = { ...state.counters };

  async function commit(offset: number, metadata: string): Promise<void> {
    await reports.beforeCommit();
    await handle.commit(offset, metadata);
    reports.afterCommit();
    committed = offset;
    committedAtMs = clock.monotonicMs();
  }

  async function deliver(flush: LatencyFlush): Promise<void> {
    const records = flush.messages.map((value) => ({ partition, value }));
    await faultPoint('latency.before-produce');
    await producer.send(kafka.topic('latency'), records);
    await faultPoint('latency.after-produce');
    await commit(flush.nextOffset, encodeCheckpoint(flush.checkpoint));
    await faultPoint('latency.after-commit');
    metrics.flushes.inc({ why: flush.why });
    metrics.panes.inc({}, flush.panes);
  }

  /** Where nothing is gathered, any position is as good a place to restart as a flush. */
  async function commitPosition(): Promise<void> {
    if (isGathering(state) || position === committed) return;
    await commit(position, encodeCheckpoint(checkpointOf(state)));
  }

  /** The log clock of a quiet partition moves by a record that its owner appends to it. */
  async function tickWhenQuiet(): Promise<void> {
    const nowMs = clock.monotonicMs();
    if (!isGathering(state) || nowMs - quietSinceMs < deps.tick_quiet_ms) return;
    quietSinceMs = nowMs;
    metrics.ticks.inc();
    const tick = { partition, value: null, headers: { tick: Buffer.from('1') } };
    await producer.send(kafka.topic('spans'), [tick]);
  }

  const spansSeen = (): number => state.counters.spans + state.counters.duplicates;

  function spansOf(read: ReadBatch): Buffer | null {
    if (typeof read !== 'string') return read;
    metrics.skipped.inc({ reason: read });
    return null;
  }

  function report(): void {
    metrics.count(state.counters, counted);
    counted = { ...state.counters };
    metrics.openPanes.set(labels, state.panes.size);
    metrics.lag.set(labels, recordsBefore(handle, position));
  }

  return {
    position: () => position,
    async process(records) {
      for (const record of records) {
        if (handle.isLost()) return;
        if (record.offset < position) continue;
        const read = deps.reader(record);
        const batch = spansOf(read instanceof Promise ? await read : read);
        const { offset, timestampMs } = record;
        const spansBefore = spansSeen();
        const flushes = step(state, { offset, timestampMs, batch });
        position = offset + 1;
        for (const flush of flushes) await deliver(flush);
        if (hasReport(record)) {
          const sentAt_ms = batch === null ? 0 : state.scanner.sentAtUnixMs;
          reports.read(record, spansSeen() - spansBefore, sentAt_ms);
        }
      }
      quietSinceMs = clock.monotonicMs();
      report();
    },
    async idle(caughtUp) {
      if (clock.monotonicMs() - committedAtMs >= COMMIT_INTERVAL_MS) await commitPosition();
      if (caughtUp) await tickWhenQuiet();
      report();
    },
    async release(why) {
      reading.detach();
      // What is gathered is not written: when it is flushed is for the log to say. It is read again.
      if (why !== 'failed') await commitPosition();
      metrics.openPanes.remove(labels);
      metrics.lag.remove(labels);
    },
  };
}
