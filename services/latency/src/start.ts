import { SCHEMAS } from '@spanloom/avro';
import { createFigureSender } from '@spanloom/figures';
import { createKafka, topicSpecs } from '@spanloom/kafka';
import { createPressure, type ServiceContext } from '@spanloom/runtime';
import { createBatchReader } from '@spanloom/window';
import { defineMetrics } from './metrics';
import { createProcessor, type LatencyDeps } from './processor';
import { rulesOf, type settings } from './settings';

type Context = Pick<
  ServiceContext<(typeof settings)['shape']>,
  'config' | 'logger' | 'metrics' | 'health' | 'clock' | 'onStop' | 'fail'
>;

/** How often the transfer delays of those who write to Kafka by themselves are written. */
const FIGURES_INTERVAL_MS = 5_000;

/** Starts the latency worker: joins the group `<prefix>latency` on the topic `spans`. */
export async function startLatency(context: Context): Promise<void> {
  const { config, logger, health, clock, onStop, fail } = context;
  const kafka = createKafka(config, { logger, clientId: 'spanloom-latency' });
  onStop('kafka', () => kafka.close());
  await (await kafka.admin()).ensureTopics(topicSpecs(config));
  const registry = kafka.registry();
  const subject = (topic: 'spans' | 'latency' | 'figures'): string => `${kafka.topic(topic)}-value`;
  const spanBatch = await registry.register(subject('spans'), SCHEMAS.spanBatch);
  const metrics = defineMetrics(context.metrics);
  const pressure = createPressure({ paused: metrics.paused, health, logger, clock });
  const producer = await kafka.producer({
    compression: config.latency_compression,
    inOrder: true,
    onSlow: (text) => pressure.hold('kafka-write', text),
  });
  onStop('producer', () => producer.close());
  let turn = 0;
  const figures = createFigureSender({
    send(messages) {
      turn = (turn + 1) % config.partitions;
      const records = messages.map((value) => ({ partition: turn, value }));
      return producer.send(kafka.topic('figures'), records);
    },
    schemaId: await registry.register(subject('figures'), SCHEMAS.figureBatch),
    interval_ms: FIGURES_INTERVAL_MS,
    onFault: (name, count) => metrics.reportFaults.inc({ name }, count),
    onLost: (spans) => metrics.figuresLost.inc({}, spans),
    logger,
    clock,
  });
  onStop('figures', () => figures.stop());
  const deps: LatencyDeps = {
    figures,
    rules: rulesOf(config),
    tick_quiet_ms: config.tick_quiet_ms,
    kafka,
    producer,
    reader: createBatchReader(registry, spanBatch),
    schemaId: await registry.register(subject('latency'), SCHEMAS.latencyPane),
    metrics,
    pressure,
    logger,
    clock,
  };
  const runner = await kafka.runPartitions({
    groupId: `${config.topic_prefix}latency`,
    topic: kafka.topic('spans'),
    createProcessor: (handle) => createProcessor(handle, deps),
    session_timeout_ms: config.session_timeout_ms,
    onFatal: fail,
    onBeat: health.beat,
    onTrouble: pressure.tell,
    onExpired: (records) => metrics.expired.inc({}, records),
  });
  onStop('consumer', () => runner.stop());
}
