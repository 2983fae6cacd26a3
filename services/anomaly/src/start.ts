import { SCHEMAS } from '@spanloom/avro';
import { createKafka, topicSpecs } from '@spanloom/kafka';
import { createPressure, type ServiceContext } from '@spanloom/runtime';
import { createDetectProcessor, type DetectDeps } from './detect-processor';
import { createGatherProcessor, type GatherDeps } from './gather-processor';
import { defineMetrics } from './metrics';
import { createReadableSchemas } from './readable-schemas';
import { rulesOf, type settings } from './settings';

type Context = Pick<
  ServiceContext<(typeof settings)['shape']>,
  'config' | 'logger' | 'metrics' | 'health' | 'clock' | 'onStop' | 'fail'
>;

/**
 * Starts the anomaly worker. It joins two groups: `<prefix>anomaly` on the topic `traces`, whose partitions
 * copies share, and `<prefix>anomaly-detector` on `self-times`, which has one: one copy detects.
 */
export async function startAnomaly(context: Context): Promise<void> {
  const { config, logger, health, clock, onStop, fail } = context;
  const kafka = createKafka(config, { logger, clientId: 'spanloom-anomaly' });
  onStop('kafka', () => kafka.close());
  const admin = await kafka.admin();
  await admin.ensureTopics(topicSpecs(config));
  const registry = kafka.registry();
  const subject = (topic: 'self-times' | 'anomalies'): string => `${kafka.topic(topic)}-value`;
  const metrics = defineMetrics(context.metrics);
  const pressure = createPressure({ paused: metrics.paused, health, logger, clock });
  const producer = await kafka.producer({
    compression: config.anomaly_compression,
    inOrder: true,
    onSlow: (text) => pressure.hold('kafka-write', text),
  });
  onStop('producer', () => producer.close());
  const shared = { kafka, producer, metrics, pressure, logger, clock };
  const gather: GatherDeps = {
    ...shared,
    rules: {
      template_operations: config.template_operations,
      flush_series_max: config.anomaly_flush_series_max,
    },
    partitions: (await admin.offsets(kafka.topic('traces'))).length,
    schemaId: await registry.register(subject('self-times'), SCHEMAS.selfTime),
    schemas: createReadableSchemas(registry),
  };
  const detect: DetectDeps = {
    ...shared,
    rules: rulesOf(config),
    replay_s: config.anomaly_replay_s,
    tick_quiet_ms: config.tick_quiet_ms,
    schemaId: await registry.register(subject('anomalies'), SCHEMAS.anomaly),
  };
  const member = {
    session_timeout_ms: config.session_timeout_ms,
    onFatal: fail,
    onBeat: health.beat,
    onTrouble: pressure.tell,
  };
  const detector = await kafka.runPartitions({
    ...member,
    groupId: `${config.topic_prefix}anomaly-detector`,
    topic: kafka.topic('self-times'),
    onExpired: (records) => metrics.expired.inc({ topic: 'self-times' }, records),
    createProcessor: (handle) => createDetectProcessor(handle, detect),
  });
  onStop('detector', () => detector.stop());
  const gatherer = await kafka.runPartitions({
    ...member,
    groupId: `${config.topic_prefix}anomaly`,
    topic: kafka.topic('traces'),
    onExpired: (records) => metrics.expired.inc({ topic: 'traces' }, records),
    createProcessor: (handle) => createGatherProcessor(handle, gather),
  });
  onStop('consumer', () => gatherer.stop());
}
