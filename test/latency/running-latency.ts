import { AvroWriter, SCHEMAS, SpanBatchBuilder, writeSpan } from '@spanloom/avro';
import { createKafka, type Kafka, type KafkaRecord, topicSpecs } from '@spanloom/kafka';
import { rulesOf, settings, startLatency } from '@spanloom/latency';
import type { Span } from '@spanloom/model';
import {
  type ConfigOf,
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  systemClock,
} from '@spanloom/runtime';
import {
  createLatencyState,
  decodePaneBatch,
  type LatencyCheckpoint,
  type LatencyFlush,
  type LatencyPane,
  step,
} from '@spanloom/sketch';

/** Topics of its own on a real Kafka, with one partition, and what a test asks of them. */
export interface LatencyLog {
  readonly config: ConfigOf<typeof settings>;
  readonly kafka: Kafka;
  readonly group: string;
  readonly schemaId: number;
  /** Appends one message. */
  append(value: Buffer | null): Promise<unknown>;
  /** A batch of the canonical layout. */
  batch(spans: readonly Span[]): Buffer;
  read(topic: 'spans' | 'latency'): Promise<readonly KafkaRecord[]>;
  /** What the pure reducer makes of all records on `spans`. */
  expected(from?: LatencyCheckpoint & { readonly offset: number }): Promise<LatencyFlush[]>;
  close(): Promise<void>;
}

/** Makes the topics and registers the schemas. */
export async function createLatencyLog(prefix: string): Promise<LatencyLog> {
  const config = loadConfig(settings, {
    env: {
      KAFKA_BROKERS: process.env.KAFKA_BROKERS,
      SCHEMA_REGISTRY_URL: process.env.SCHEMA_REGISTRY_URL,
      SPANLOOM_TOPIC_PREFIX: prefix,
      SPANLOOM_PARTITIONS: '1',
      SPANLOOM_FLUSH_S: '2',
      SPANLOOM_TICK_QUIET_MS: '300',
    },
  });
  const logger = createLogger({ service: 'latency-test', level: 'silent' });
  const kafka = createKafka(config, { logger, clientId: 'latency-test' });
  await (await kafka.admin()).ensureTopics(topicSpecs(config));
  const schemaId = await kafka.registry().register(`${prefix}spans-value`, SCHEMAS.spanBatch);
  const paneId = await kafka.registry().register(`${prefix}latency-value`, SCHEMAS.latencyPane);
  const producer = await kafka.producer({ compression: 'none', inOrder: true });
  const writer = new AvroWriter();
  const read = async (name: 'spans' | 'latency'): Promise<readonly KafkaRecord[]> => {
    const topic = kafka.topic(name);
    const [offsets] = await (await kafka.admin()).offsets(topic);
    const all: KafkaRecord[] = [];
    const range = { topic, partition: 0, from: offsets?.low ?? 0, to: offsets?.high ?? 0 };
    if (range.to > range.from) await kafka.readRange(range, (records) => void all.push(...records));
    return all;
  };
  return {
    config,
    kafka,
    group: `${prefix}latency`,
    schemaId,
    read,
    append: (value) => producer.send(kafka.topic('spans'), [{ partition: 0, value }]),
    batch(spans) {
      const builder = new SpanBatchBuilder();
      for (const span of spans) {
        writer.reset();
        writeSpan(writer, span);
        builder.add(writer.view());
      }
      return builder.finish(schemaId, 0);
    },
    async expected(from = { seq: 1, clockS: 0, offset: 0 }) {
      const state = createLatencyState(0, paneId, rulesOf(config), from);
      const records = (await read('spans')).filter((record) => record.offset >= from.offset);
      return records.flatMap(({ offset, timestampMs, value }) =>
        step(state, { offset, timestampMs, batch: value?.[0] === 0 ? value : null }),
      );
    },
    async close() {
      await producer.close();
      await kafka.close();
    },
  };
}

/** Runs a latency worker in this process until the returned function is called. */
export async function runLatency(log: LatencyLog): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const clock = systemClock;
  await startLatency({
    config: log.config,
    logger: createLogger({ service: 'latency-test', level: 'silent' }),
    metrics: createMetrics('latency'),
    health: createHealth(clock),
    clock,
    onStop: (_name, stop) => void stops.unshift(stop),
    fail: (error) => {
      throw error;
    },
  });
  return async () => {
    for (const stop of stops) await stop();
  };
}

/** What the sink accepts: each number once, in order. Fails on a gap. */
export function accepted(records: readonly KafkaRecord[]): Buffer[] {
  const values: Buffer[] = [];
  for (const { value } of records) {
    const { seq } = decodePaneBatch(value as Buffer);
    expect(seq).toBeLessThanOrEqual(values.length + 1);
    if (seq === values.length + 1) values.push(value as Buffer);
    else expect(value).toEqual(values[seq - 1]); // a repeat is the same, byte for byte
  }
  return values;
}

/** Panes in messages. */
export function panesIn(messages: readonly Buffer[]): LatencyPane[] {
  return messages.flatMap((message) => [...decodePaneBatch(message).panes]);
}

/** Polls until the condition holds, at most 30 s. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline_ms = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline_ms) throw new Error('the condition did not come to hold within 30 s');
    await systemClock.sleep(100);
  }
}
