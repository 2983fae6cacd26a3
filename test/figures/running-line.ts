import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SCAN_SPAN, SpanScanner, WIRE_HEADER_BYTES } from '@spanloom/avro';
import { type ClickHouse, createClickHouse, migrate } from '@spanloom/clickhouse';
import * as gateway from '@spanloom/gateway';
import { createKafka, type Kafka, readRange, tracePartition } from '@spanloom/kafka';
import * as latency from '@spanloom/latency';
import type { Span } from '@spanloom/model';
import { encodeOtlpRequest } from '@spanloom/otlp';
import * as query from '@spanloom/query';
import {
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  type ServiceContext,
  type Settings,
  type SettingsShape,
  systemClock,
} from '@spanloom/runtime';
import * as sink from '@spanloom/sink';
import { createAssemblyLine, RULES } from '../assembler/running-assembler';

const MIGRATIONS = join(__dirname, '..', '..', 'schemas', 'clickhouse');
const PARTITIONS = 2;
const logger = createLogger({
  service: 'figures-test',
  level: process.env.SPANLOOM_TEST_LOG === undefined ? 'silent' : 'info',
});

/** A message on the topic `spans`: when it was appended, and the traces of its spans. */
export interface Appended {
  readonly at_ms: number;
  readonly traceIds: readonly string[];
}

/** All services on engines that tests share, with topics and a database of their own. */
export interface Line {
  readonly clickhouse: ClickHouse;
  /** Sends spans over OTLP; the answer's status. `report` goes into their resource. */
  post(spans: readonly Span[], report: Readonly<Record<string, string>>): Promise<number>;
  /** Sends a report over OTLP, in JSON and without spans. */
  report(service: string, report: Readonly<Record<string, string>>): Promise<number>;
  /** Writes spans of one trace to Kafka, past the gateway; null: a message without spans. */
  write(spans: readonly Span[] | null, headers: Readonly<Record<string, string>>): Promise<void>;
  appended(): Promise<readonly Appended[]>;
  get(path: string): Promise<{ readonly code: number; readonly text: string }>;
  /** Stops gateway, latency worker and sink, and starts them anew. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts everything. */
export async function startLine(): Promise<Line> {
  const id = randomBytes(5).toString('hex');
  const env = {
    KAFKA_BROKERS: process.env.KAFKA_BROKERS,
    SCHEMA_REGISTRY_URL: process.env.SCHEMA_REGISTRY_URL,
    REDIS_URL: process.env.REDIS_URL,
    CLICKHOUSE_URL: process.env.CLICKHOUSE_URL,
    CLICKHOUSE_DATABASE: `figures_${id}`,
    SPANLOOM_TOPIC_PREFIX: `figures-${id}.`,
    SPANLOOM_PARTITIONS: String(PARTITIONS),
    SPANLOOM_OTLP_HTTP_PORT: '0',
    SPANLOOM_OTLP_HTTP_HOST: '127.0.0.1',
    SPANLOOM_QUERY_PORT: '0',
    SPANLOOM_QUERY_HOST: '127.0.0.1',
    SPANLOOM_FIGURES_INTERVAL_MS: '200',
    SPANLOOM_BLOCK_LINGER_MS: '100',
    SPANLOOM_FLUSH_S: '2',
    SPANLOOM_TICK_QUIET_MS: '300',
    SPANLOOM_SESSION_TIMEOUT_MS: '6000',
  };
  const assembly = await createAssemblyLine(env, env.SPANLOOM_TOPIC_PREFIX, PARTITIONS, RULES);
  const clickhouse = createClickHouse(loadConfig(sink.settings, { env }), { logger });
  await migrate(clickhouse, MIGRATIONS, { logger });
  assembly.start();
  const asking = await startOne('query', query.settings, env, query.startQuery);
  const kafka = createKafka(loadConfig(latency.settings, { env }), {
    logger,
    clientId: 'figures-test',
  });
  const producer = await kafka.producer({ compression: 'none', inOrder: true });
  let workers = await startWorkers(env, clickhouse);

  return {
    clickhouse,
    post(spans, report) {
      const body = encodeOtlpRequest(
        spans.map((span) => ({
          ...span,
          resourceAttributes: { 'service.name': span.service, ...report },
        })),
      );
      return postTo(workers.port, 'application/x-protobuf', body);
    },
    report(service, report) {
      const attributes = Object.entries({ 'service.name': service, ...report }).map(
        ([key, stringValue]) => ({ key, value: { stringValue } }),
      );
      const body = JSON.stringify({ resourceSpans: [{ resource: { attributes } }] });
      return postTo(workers.port, 'application/json', body);
    },
    async write(spans, headers) {
      const value = spans === null ? null : assembly.batch(spans);
      const partition = tracePartition(spans?.[0]?.traceId ?? '', PARTITIONS);
      const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]);
      const record = { partition, value, headers: Object.fromEntries(bytes) };
      await producer.send(kafka.topic('spans'), [record]);
    },
    appended: () => readAppended(kafka),
    async get(path) {
      const answer = await fetch(`http://127.0.0.1:${asking.result.port}${path}`);
      return { code: answer.status, text: await answer.text() };
    },
    async restart() {
      await workers.stop();
      workers = await startWorkers(env, clickhouse);
    },
    async close() {
      await workers.stop();
      await asking.stop();
      await assembly.stop();
      await producer.close();
      await kafka.close();
      await clickhouse.command(`DROP DATABASE figures_${id}`);
      await clickhouse.close();
    },
  };
}

async function postTo(port: number, type: string, body: Buffer | string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  return answer.status;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Started<R> {
  readonly result: R;
  stop(): Promise<void>;
}

/** Starts a service in this process. */
async function startOne<S extends SettingsShape, R>(
  name: string,
  settings: Settings<S>,
  env: Environment,
  start: (context: ServiceContext<S>) => Promise<R>,
): Promise<Started<R>> {
  const stops: (() => Promise<void>)[] = [];
  const health = createHealth(systemClock);
  const result = await start({
    config: loadConfig(settings, { env }),
    logger,
    metrics: createMetrics(name),
    health,
    clock: systemClock,
    signal: new AbortController().signal,
    onStop: (_name, stop) => void stops.unshift(stop),
    fail: (error) => {
      throw error;
    },
  });
  health.setReady(true);
  return {
    result,
    async stop() {
      for (const stop of stops) await stop();
    },
  };
}

async function startWorkers(env: Environment, clickhouse: ClickHouse) {
  const receiving = await startOne('gateway', gateway.settings, env, gateway.startGateway);
  const counting = await startOne('latency', latency.settings, env, latency.startLatency);
  const storing = await startOne('sink', sink.settings, env, async (context) => {
    const kafka = createKafka(context.config, { logger, clientId: 'figures-test' });
    context.onStop('kafka', () => kafka.close());
    await sink.startSink(context, { kafka, clickhouse });
  });
  return {
    port: receiving.result.port,
    async stop() {
      for (const each of [receiving, counting, storing]) await each.stop();
    },
  };
}

async function readAppended(kafka: Kafka): Promise<readonly Appended[]> {
  const topic = kafka.topic('spans');
  const found: Appended[] = [];
  for (const { partition, low, high } of await (await kafka.admin()).offsets(topic)) {
    if (high === low) continue;
    await readRange(kafka, topic, partition, low, high, (records) => {
      for (const { value, timestampMs } of records) {
        if (value !== null) found.push({ at_ms: timestampMs, traceIds: traceIdsIn(value) });
      }
    });
  }
  return found;
}

function traceIdsIn(value: Buffer): readonly string[] {
  const scanner = new SpanScanner();
  scanner.reset(value, WIRE_HEADER_BYTES, value.length);
  const ids: string[] = [];
  while (scanner.next() === SCAN_SPAN) {
    ids.push(value.toString('hex', scanner.traceIdAt, scanner.traceIdAt + 16));
  }
  return ids;
}
