import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SCHEMAS } from '@spanloom/avro';
import { type ClickHouse, createClickHouse, migrate } from '@spanloom/clickhouse';
import {
  createKafka,
  type Kafka,
  type PartitionHandle,
  type TopicName,
  topicSpecs,
} from '@spanloom/kafka';
import {
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  type MutableHealth,
  SpanloomError,
  systemClock,
} from '@spanloom/runtime';
import { settings, startSink } from '@spanloom/sink';

const MIGRATIONS = join(__dirname, '..', '..', 'schemas', 'clickhouse');
const logger = createLogger({
  service: 'sink-test',
  level: process.env.SPANLOOM_TEST_LOG === undefined ? 'silent' : 'info',
});

/** What happens at a side effect of the sink: nothing, a crash, or a failure, before it is done or after. */
export type Fault = 'none' | 'crash-before' | 'crash-after' | 'error-before' | 'error-after';
/** Decides the fate of each side effect in turn. */
export type FaultPlan = (effect: 'commit' | 'insert') => Fault;

/** Topics and a database of their own, and sinks on them. */
export interface SinkBench {
  readonly prefix: string;
  /** What a sink's process is given in its environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly kafka: Kafka;
  readonly clickhouse: ClickHouse;
  /** Registry id of the canonical SpanBatch schema. */
  readonly schemaId: number;
  send(
    topic: TopicName,
    partition: number,
    ...values: readonly (Buffer | null)[]
  ): Promise<unknown>;
  /** Runs a sink in this process; the function given stops it. */
  start(plan?: FaultPlan): Promise<RunningSink>;
  count(sql: string): Promise<number>;
  close(): Promise<void>;
}

/** A sink that runs in this process. */
export interface RunningSink {
  readonly health: MutableHealth;
  /** What it could not live with. */
  readonly fatal: unknown[];
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** Makes topics with `partitions` each, the tables, and a producer. */
export async function createSinkBench(partitions: number): Promise<SinkBench> {
  const id = randomBytes(5).toString('hex');
  const env = {
    KAFKA_BROKERS: process.env.KAFKA_BROKERS,
    SCHEMA_REGISTRY_URL: process.env.SCHEMA_REGISTRY_URL,
    CLICKHOUSE_URL: process.env.CLICKHOUSE_URL,
    CLICKHOUSE_DATABASE: `sink_${id}`,
    SPANLOOM_TOPIC_PREFIX: `sink-${id}.`,
    SPANLOOM_PARTITIONS: String(partitions),
    SPANLOOM_BLOCK_ROWS_MAX: '200',
    SPANLOOM_BLOCK_LINGER_MS: '100',
    SPANLOOM_INSERT_RETRY_MS_MAX: '200',
    SPANLOOM_AMEND_INTERVAL_MS: '200',
  };
  const config = loadConfig(settings, { env });
  const kafka = createKafka(config, { logger, clientId: 'sink-test' });
  const clickhouse = createClickHouse(config, { logger });
  await (await kafka.admin()).ensureTopics(topicSpecs(config));
  await migrate(clickhouse, MIGRATIONS, { logger }, { retention_days: 10_000 });
  // A merge would remove doubles before the test could see them.
  const tables = [
    'otel_traces',
    'trace_fragments',
    'ledger',
    'latency_panes',
    'latency_ten_minutes',
    'service_edges',
    'pipeline_delays',
    'producer_counters',
  ];
  for (const table of tables) await clickhouse.command(`SYSTEM STOP MERGES ${table}`);
  const schemaId = await kafka
    .registry()
    .register(`${kafka.topic('spans')}-value`, SCHEMAS.spanBatch);
  const producer = await kafka.producer({ compression: 'none', inOrder: true });
  const running: RunningSink[] = [];

  async function start(plan: FaultPlan = () => 'none'): Promise<RunningSink> {
    const own = createKafka(config, { logger, clientId: 'sink-test' });
    const stops: (() => Promise<void>)[] = [own.close];
    const health = createHealth(systemClock);
    health.setReady(true);
    const metrics = createMetrics('sink');
    const fatal: unknown[] = [];
    await startSink(
      {
        config,
        logger,
        metrics,
        health,
        clock: systemClock,
        onStop: (_name, stop) => void stops.unshift(stop),
        fail: (error) => void fatal.push(error),
      },
      { kafka: faultyKafka(own, plan), clickhouse: faultyClickHouse(clickhouse, plan) },
    );
    const sink: RunningSink = {
      health,
      fatal,
      async metric(name) {
        const lines = (await metrics.expose()).body.split('\n');
        const values = lines
          .filter((line) => line.startsWith(name))
          .map((l) => l.split(' ').at(-1));
        return values.reduce((sum, value) => sum + Number(value), 0);
      },
      async stop() {
        for (const stop of stops.splice(0)) await stop();
      },
    };
    running.push(sink);
    return sink;
  }

  return {
    prefix: config.topic_prefix,
    env,
    kafka,
    clickhouse,
    schemaId,
    send: (topic, partition, ...values) =>
      producer.send(
        kafka.topic(topic),
        values.map((value) => ({ partition, value })),
      ),
    start,
    async count(sql) {
      const [row] = await clickhouse.query<Record<string, unknown>>(sql);
      return Number(Object.values(row ?? {})[0]);
    },
    async close() {
      for (const sink of running) await sink.stop();
      await clickhouse.command(`DROP DATABASE sink_${id}`);
      await producer.close();
      await kafka.close();
      await clickhouse.close();
    },
  };
}

/** The processor ends here and another one takes over, as after kill -9. */
const crash = (): Error => new SpanloomError('state-stale', 'crashed by the test');
const failure = (): Error =>
  new SpanloomError('engine-unavailable', 'cut off by the test', { retriable: true });

async function suffer<T>(fault: Fault, effect: () => Promise<T>): Promise<T> {
  if (fault === 'crash-before') throw crash();
  if (fault === 'error-before') throw failure();
  const result = await effect();
  if (fault === 'crash-after') throw crash();
  if (fault === 'error-after') throw failure();
  return result;
}

function faultyKafka(kafka: Kafka, plan: FaultPlan): Kafka {
  const handleOf = (handle: PartitionHandle): PartitionHandle => ({
    partition: handle.partition,
    signal: handle.signal,
    committed: () => handle.committed(),
    isLost: () => handle.isLost(),
    highWatermark: () => handle.highWatermark(),
    pause: (why) => handle.pause(why),
    resume: (why) => handle.resume(why),
    park: () => handle.park(),
    commit: (offset, metadata) => suffer(plan('commit'), () => handle.commit(offset, metadata)),
  });
  return {
    ...kafka,
    runPartitions: (options) =>
      kafka.runPartitions({
        ...options,
        failures_max: 1000,
        createProcessor: (handle) => options.createProcessor(handleOf(handle)),
      }),
  };
}

function faultyClickHouse(clickhouse: ClickHouse, plan: FaultPlan): ClickHouse {
  return {
    ...clickhouse,
    insertRows: (...call) => suffer(plan('insert'), () => clickhouse.insertRows(...call)),
  };
}

/** Waits until `check` holds; fails after `ms` and says what it saw last. */
export async function until(check: () => Promise<boolean>, ms = 60_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > end) throw new Error('what was waited for did not happen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
