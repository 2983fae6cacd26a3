import { SCHEMAS } from '@spanloom/avro';
import { createFigureSender, type FigureSender } from '@spanloom/figures';
import { createKafka, type Kafka, topicSpecs } from '@spanloom/kafka';
import { createOtlpDecoder } from '@spanloom/otlp';
import { createPressure, faultPoint, type ServiceContext } from '@spanloom/runtime';
import { createByteBudget } from './byte-budget';
import { createExportHandler } from './export-handler';
import { startHttpServer } from './http-server';
import { createKafkaGate } from './kafka-gate';
import { createGatewayMetrics, type GatewayMetrics } from './metrics';
import { createPacker } from './packer';
import { type gatewaySettings, otlpLimits } from './settings';
import { createTransferFigures } from './transfer-figures';

type Context = Pick<
  ServiceContext<(typeof gatewaySettings)['shape']>,
  'config' | 'logger' | 'metrics' | 'health' | 'clock' | 'onStop'
>;

const PROBE_MS = 1000;
const REQUESTS_TO_KAFKA_MAX = 16;

/**
 * Starts the gateway: OTLP over HTTP in, packs of spans on the topic `spans` out.
 * @returns the port it listens on
 */
export async function startGateway(context: Context): Promise<{ readonly port: number }> {
  const { config, logger, health, clock, onStop } = context;
  const kafka = createKafka(config, { logger, clientId: 'spanloom-gateway' });
  onStop('kafka', () => kafka.close());
  await (await kafka.admin()).ensureTopics(topicSpecs(config));
  const topic = kafka.topic('spans');
  const schemaId = await kafka.registry().register(`${topic}-value`, SCHEMAS.spanBatch);
  const metrics = createGatewayMetrics(context.metrics);
  const pressure = createPressure({ paused: metrics.paused, health, logger, clock });
  const producer = await kafka.producer({
    compression: config.compression,
    inFlightMax: REQUESTS_TO_KAFKA_MAX,
    deliveryTimeoutMs: config.produce_timeout_ms,
    onSlow: (text) => pressure.tell('kafka-write', 'slow', text),
  });
  onStop('producer', () => producer.close());

  const gate = createKafkaGate({ probe_ms: PROBE_MS, clock }, (away) => {
    const text = 'the last send was not acknowledged: requests get 503';
    pressure.tell('kafka-write', 'away', away ? text : null);
  });
  const packer = createPacker(config, {
    metrics,
    clock,
    schemaId,
    async send(records) {
      let ok = false;
      try {
        await faultPoint('gateway.before-produce');
        const receipt = await producer.send(topic, records);
        await faultPoint('gateway.after-produce');
        ok = true;
        return receipt;
      } finally {
        gate.report(ok);
      }
    },
  });

  const figures = await startFigures(context, kafka, metrics);
  onStop('packer', () => packer.drain());

  let draining = false;
  const handler = createExportHandler(config, {
    decoder: createOtlpDecoder(otlpLimits(config)),
    packer,
    transfer: createTransferFigures(figures),
    budget: createByteBudget(config.inflight_bytes_max, metrics.inflightBytes),
    gate,
    metrics,
    logger,
    clock,
    isDraining: () => draining,
  });
  const server = await startHttpServer(config, { handler, logger, clock });
  onStop('OTLP over HTTP', () => {
    draining = true;
    return server.close();
  });
  logger.info({ port: server.port, topic }, 'takes OTLP over HTTP');
  return { port: server.port };
}

/** What producers report and how long transfers take goes to the topic `figures`, once each. */
async function startFigures(
  { config, logger, clock, onStop }: Context,
  kafka: Kafka,
  metrics: GatewayMetrics,
): Promise<FigureSender> {
  const topic = kafka.topic('figures');
  const schemaId = await kafka.registry().register(`${topic}-value`, SCHEMAS.figureBatch);
  const producer = await kafka.producer({ compression: config.compression, inOrder: true });
  onStop('figures producer', () => producer.close());
  let turn = Math.floor(clock.nowMs()) % config.partitions;
  const sender = createFigureSender({
    send(messages) {
      turn = (turn + 1) % config.partitions;
      return producer.send(
        topic,
        messages.map((value) => ({ partition: turn, value })),
      );
    },
    schemaId,
    interval_ms: config.figures_interval_ms,
    onFault: metrics.reportFault,
    onLost: metrics.figuresLost,
    logger,
    clock,
  });
  onStop('figures', () => sender.stop());
  return sender;
}
