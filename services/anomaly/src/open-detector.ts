import {
  Detector,
  type DetectorRules,
  decodeAnomaly,
  decodeSelfTimes,
  type SelfTimeBatch,
} from '@spanloom/detector';
import type { Kafka, KafkaRecord, PartitionHandle } from '@spanloom/kafka';
import type { Logger } from '@spanloom/runtime';
import { decodeMark } from './checkpoint';
import type { AnomalyMetrics } from './metrics';

/** What opening needs. */
export interface OpenDeps {
  readonly rules: DetectorRules;
  readonly replay_s: number;
  readonly kafka: Kafka;
  readonly metrics: AnomalyMetrics;
  readonly logger: Logger;
}

/** A detector that knows what came before its first record. */
export interface OpenedDetector {
  readonly detector: Detector;
  /** The first record to apply. */
  readonly position: number;
  readonly committed: number | null;
  /** Greatest append time before it, ms. */
  readonly clockMs: number;
  /** Events that are on the topic already and may be found again. */
  readonly written: ReadonlySet<string>;
}

export const CLOCK_MARK = 'clock_ms';
/** More events than a second of work can find: a commit is made at least that often, and after each of them. */
const WRITTEN_MAX = 1_000;

/** What a record holds; null where it is empty, or cannot be read. */
export function batchOf(record: KafkaRecord, metrics: AnomalyMetrics): SelfTimeBatch | null {
  if (record.value === null) return null;
  try {
    return decodeSelfTimes(record.value);
  } catch {
    metrics.unread.inc({ what: 'message' });
    return null;
  }
}

/**
 * Rebuilds the detector from `replay_s` of log before the commit, without telling its events again. What is
 * older has faded from the baselines, or is missing from them.
 */
export async function openDetector(
  handle: PartitionHandle,
  deps: OpenDeps,
): Promise<OpenedDetector> {
  const { kafka, metrics, logger } = deps;
  const topic = kafka.topic('self-times');
  const { partition } = handle;
  const admin = await kafka.admin();
  const [offsets] = await admin.offsets(topic);
  const low = offsets?.low ?? 0;
  const committed = await handle.committed();
  const clockMs = decodeMark(CLOCK_MARK, committed.metadata) ?? 0;
  const position = Math.max(low, committed.offset ?? low);
  const fromMs = Math.max(0, clockMs - deps.replay_s * 1000);
  const horizon = (await admin.offsetForTimestamp(topic, partition, fromMs)) ?? position;
  const from = Math.max(low, Math.min(position, horizon));
  const detector = new Detector(deps.rules);
  if (from < position) {
    await kafka.readRange({ topic, partition, from, to: position }, (records) => {
      for (const record of records) {
        detector.step({ appendMs: record.timestampMs, batch: batchOf(record, metrics) });
      }
    });
  }
  logger.info({ from, position, series: detector.series }, 'detector opened');
  return {
    detector,
    position,
    committed: committed.offset,
    clockMs,
    written: await lastIds(kafka),
  };
}

async function lastIds(kafka: Kafka): Promise<ReadonlySet<string>> {
  const topic = kafka.topic('anomalies');
  const [offsets] = await (await kafka.admin()).offsets(topic);
  const { low = 0, high = 0 } = offsets ?? {};
  const ids = new Set<string>();
  const from = Math.max(low, high - WRITTEN_MAX);
  if (from >= high) return ids;
  await kafka.readRange({ topic, partition: 0, from, to: high }, (records) => {
    for (const { value } of records) {
      if (value !== null) ids.add(decodeAnomaly(value).id);
    }
  });
  return ids;
}
