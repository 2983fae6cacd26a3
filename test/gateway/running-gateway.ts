import { randomUUID } from 'node:crypto';
import { type DecodedBatch, reference, spanOf, WIRE_HEADER_BYTES } from '@spanloom/avro';
import { settings, startGateway } from '@spanloom/gateway';
import { createKafka, type Kafka, type KafkaRecord, readRange } from '@spanloom/kafka';
import type { Span } from '@spanloom/model';
import {
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  type Metrics,
  type MutableHealth,
  systemClock,
} from '@spanloom/runtime';

/** A gateway in this process, on topics of its own. */
export interface RunningGateway {
  /** Address of `/v1/traces`. */
  readonly url: string;
  readonly metrics: Metrics;
  readonly health: MutableHealth;
  /** Everything on `spans`, as avsc decodes it. */
  stored(): Promise<readonly StoredSpan[]>;
  stop(): Promise<void>;
}

/** A span as it landed. */
export interface StoredSpan {
  readonly partition: number;
  readonly key: string;
  readonly span: Span;
}

/** Starts a gateway against the engines that `env` names; more settings by their environment names. */
export async function startTestGateway(
  env: NodeJS.ProcessEnv,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningGateway> {
  const config = loadConfig(settings, {
    env: {
      KAFKA_BROKERS: env.KAFKA_BROKERS,
      SCHEMA_REGISTRY_URL: env.SCHEMA_REGISTRY_URL,
      SPANLOOM_TOPIC_PREFIX: `gw-${randomUUID().slice(0, 8)}-`,
      SPANLOOM_PARTITIONS: '4',
      SPANLOOM_OTLP_HTTP_PORT: '0',
      SPANLOOM_OTLP_HTTP_HOST: '127.0.0.1',
      SPANLOOM_DRAIN_TIMEOUT_MS: '5000',
      ...more,
    },
  });
  const logger = createLogger({ service: 'gateway-test', level: 'silent' });
  const metrics = createMetrics('gateway');
  const clock = systemClock;
  const health = createHealth(clock);
  const stops: (() => Promise<void>)[] = [];
  const onStop = (_name: string, stop: () => Promise<void>): void => {
    stops.unshift(stop);
  };
  const kafka = createKafka(config, { logger, clientId: 'gateway-test' });
  onStop('reader', () => kafka.close());
  const { port } = await startGateway({ config, logger, metrics, health, clock, onStop });
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    metrics,
    health,
    stored: () => readSpans(kafka),
    async stop() {
      for (const stop of stops) await stop();
    },
  };
}

/** What a gateway elsewhere has written to the topics of `prefix`. */
export async function readStored(
  env: NodeJS.ProcessEnv,
  prefix: string,
): Promise<readonly StoredSpan[]> {
  const config = loadConfig(settings, {
    env: {
      KAFKA_BROKERS: env.KAFKA_BROKERS,
      SCHEMA_REGISTRY_URL: env.SCHEMA_REGISTRY_URL,
      SPANLOOM_TOPIC_PREFIX: prefix,
    },
  });
  const logger = createLogger({ service: 'gateway-test', level: 'silent' });
  const kafka = createKafka(config, { logger, clientId: 'gateway-test' });
  try {
    return await readSpans(kafka);
  } finally {
    await kafka.close();
  }
}

async function readSpans(kafka: Kafka): Promise<readonly StoredSpan[]> {
  const topic = kafka.topic('spans');
  const found: StoredSpan[] = [];
  for (const { partition, low, high } of await (await kafka.admin()).offsets(topic)) {
    await readRange(kafka, topic, partition, low, high, (records) => {
      for (const record of records) found.push(...decode(record, partition));
    });
  }
  return found;
}

function decode(record: KafkaRecord, partition: number): readonly StoredSpan[] {
  const body = (record.value as Buffer).subarray(WIRE_HEADER_BYTES);
  const batch = reference.spanBatch.fromBuffer(body) as DecodedBatch;
  const key = (record.key as Buffer).toString();
  return batch.spans.map((span) => ({ partition, key, span: spanOf(span) }));
}
