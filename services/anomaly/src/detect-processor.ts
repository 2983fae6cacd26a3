import {
  type AnomalyEvent,
  type Detector,
  type DetectorCounters,
  encodeAnomaly,
} from '@spanloom/detector';
import {
  type Kafka,
  type PartitionHandle,
  type PartitionProcessor,
  type Producer,
  recordsBefore,
} from '@spanloom/kafka';
import { type Clock, faultPoint, type Logger, type Pressure } from '@spanloom/runtime';
import { encodeMark } from './checkpoint';
import type { AnomalyMetrics } from './metrics';
import { batchOf, CLOCK_MARK, type OpenDeps, openDetector } from './open-detector';

/** What the detector works with. */
export interface DetectDeps extends OpenDeps {
  readonly tick_quiet_ms: number;
  readonly kafka: Kafka;
  /** Writes in order. */
  readonly producer: Producer;
  /** The registry's id of the schema of the topic anomalies. */
  readonly schemaId: number;
  readonly metrics: AnomalyMetrics;
  readonly pressure: Pressure;
  readonly logger: Logger;
  readonly clock: Clock;
}

const COMMIT_INTERVAL_MS = 1000;

/**
 * Owns the topic `self-times`, whose one partition puts everything in one order: judges, and writes what it
 * finds to `anomalies` before it commits. A successor rebuilds the baselines from the log before the commit,
 * finds the same events in what comes after it, and leaves out those that are on the topic already.
 */
export async function createDetectProcessor(
  handle: PartitionHandle,
  deps: DetectDeps,
): Promise<PartitionProcessor> {
  const { kafka, producer, metrics, clock, logger } = deps;
  const opened = await openDetector(handle, deps);
  const { detector, written } = opened;
  let { position, clockMs } = opened;
  let committed = opened.committed;
  let committedAtMs = clock.monotonicMs();
  let quietSinceMs = clock.monotonicMs();
  let counted = detector.counters;
  const reading = deps.pressure.attach(handle);
  const labels = { topic: 'self-times', partition: String(handle.partition) };

  async function commit(): Promise<void> {
    if (position === committed) return;
    await handle.commit(position, encodeMark(CLOCK_MARK, clockMs));
    committed = position;
    committedAtMs = clock.monotonicMs();
  }

  async function write(event: AnomalyEvent): Promise<void> {
    if (written.has(event.id)) {
      metrics.events.inc({ outcome: 'repeat' });
      return;
    }
    const { id, incident, atS, services } = event;
    logger.warn({ id, incident, at: new Date(atS * 1000).toISOString(), services }, 'anomaly');
    const value = encodeAnomaly(event, deps.schemaId);
    await producer.send(kafka.topic('anomalies'), [{ partition: 0, value }]);
    await faultPoint('anomaly.after-event');
    metrics.events.inc({ outcome: 'written' });
  }

  async function tickWhenQuiet(): Promise<void> {
    const nowMs = clock.monotonicMs();
    if (detector.pendingPanes === 0 || nowMs - quietSinceMs < deps.tick_quiet_ms) return;
    quietSinceMs = nowMs;
    metrics.ticks.inc();
    const tick = { partition: 0, value: null, headers: { tick: Buffer.from('1') } };
    await producer.send(kafka.topic('self-times'), [tick]);
  }

  function report(): void {
    counted = count(metrics, detector, counted);
    metrics.lag.set(labels, recordsBefore(handle, position));
  }

  return {
    position: () => position,
    async process(records) {
      let events = 0;
      for (const record of records) {
        if (handle.isLost()) return;
        if (record.offset < position) continue;
        clockMs = Math.max(clockMs, record.timestampMs);
        const batch = batchOf(record, metrics);
        for (const event of detector.step({ appendMs: record.timestampMs, batch })) {
          await write(event);
          events++;
        }
        position = record.offset + 1;
      }
      if (events > 0 || clock.monotonicMs() - committedAtMs >= COMMIT_INTERVAL_MS) await commit();
      quietSinceMs = clock.monotonicMs();
      report();
    },
    async idle(caughtUp) {
      if (clock.monotonicMs() - committedAtMs >= COMMIT_INTERVAL_MS) await commit();
      if (caughtUp) await tickWhenQuiet();
      report();
    },
    async release(why) {
      reading.detach();
      if (why !== 'failed') await commit();
      metrics.lag.remove(labels);
    },
  };
}

/** Adds what a detector counted since the last time. */
function count(
  metrics: AnomalyMetrics,
  detector: Detector,
  before: DetectorCounters,
): DetectorCounters {
  const now = detector.counters;
  metrics.judged.inc({}, now.judged - before.judged);
  metrics.late.inc({}, now.late - before.late);
  metrics.unjudged.inc({}, now.unjudged - before.unjudged);
  metrics.unread.inc({ what: 'repeat' }, now.repeats - before.repeats);
  metrics.events.inc({ outcome: 'suppressed' }, now.suppressed - before.suppressed);
  metrics.baselines.set({}, detector.series);
  metrics.pendingPanes.set({}, detector.pendingPanes);
  return now;
}
