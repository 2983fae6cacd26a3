import { AvroWriter, SCHEMAS, writeSpan } from '@spanloom/avro';
import { createKafka, type Kafka, type Producer } from '@spanloom/kafka';
import { createLogger, defineSettings, kafkaSettings, loadConfig } from '@spanloom/runtime';
import type { SpanShape } from '../spans/shape';
import { createSpanSource } from '../spans/span-source';
import { otlpBodies } from './otlp-load';
import { createPacks } from './packs';
import type { LoadReport } from './request';

/** Spans of one message on the mean, as a gateway under load packs them. */
const SPANS_PER_MESSAGE = 100;
const SENDS_MAX = 8;
/** A gateway lingers for 5 ms. */
const PACE_MS = 5;
/** Where the start time stands in a span's Avro bytes (three ids come before it), and how long it is. */
const START_AT = 32;
const START_BYTES = 9;
/** Spans of a filled log lie in simulated time, so that they are the same on each run. */
const FILL_START_UNIX_NANO = 1_760_000_000_000_000_000n;
const FILL_STEP_NANO = 20_000n;

type Figures = Omit<LoadReport, 'cpu_us'>;

interface Target {
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly partitions: number;
  readonly schemaId: number;
}

async function connect(): Promise<Target> {
  const settings = defineSettings('bench-load', kafkaSettings);
  const config = loadConfig(settings, { env: process.env });
  const logger = createLogger({ service: 'bench-load', level: 'warn' });
  const kafka = createKafka(config, { logger, clientId: 'spanloom-bench' });
  const schemaId = await kafka
    .registry()
    .register(`${kafka.topic('spans')}-value`, SCHEMAS.spanBatch);
  // The gateway's default.
  const producer = await kafka.producer({ compression: 'lz4' });
  return { kafka, producer, partitions: config.partitions, schemaId };
}

/** Sends messages with a bounded number under way, and counts them. */
function createSender({ kafka, producer, partitions, schemaId }: Target) {
  const topic = kafka.topic('spans');
  const packs = createPacks(partitions, schemaId);
  const underWay = new Set<Promise<void>>();
  let messages = 0;
  let bytes = 0;
  return {
    packs,
    figures: () => ({ messages, bytes }),
    async flush(): Promise<void> {
      const records = packs.take();
      messages += records.length;
      for (const record of records) bytes += record.value?.length ?? 0;
      const sent: Promise<void> = producer.send(topic, records).then(() => {
        underWay.delete(sent);
      });
      underWay.add(sent);
      if (underWay.size >= SENDS_MAX) await Promise.race(underWay);
    },
    async drain(): Promise<void> {
      await Promise.all(underWay);
    },
  };
}

/** Fills the topic `spans` as fast as it goes. */
export async function fillLog(shape: SpanShape): Promise<Figures> {
  const target = await connect();
  const sender = createSender(target);
  const source = createSpanSource(shape);
  const writer = new AvroWriter();
  const started_unix_ms = Date.now();
  let spans = 0;
  for (;;) {
    const span = source.next(FILL_START_UNIX_NANO + BigInt(spans) * FILL_STEP_NANO);
    if (span === null) break;
    spans++;
    writer.reset();
    writeSpan(writer, span);
    sender.packs.add(writer.buffer, 0, writer.length);
    if (sender.packs.spanCount >= SPANS_PER_MESSAGE * target.partitions) await sender.flush();
  }
  await sender.flush();
  await sender.drain();
  await target.kafka.close();
  const elapsed_ms = Date.now() - started_unix_ms;
  const traces = source.traces();
  return { spans, traces, ...sender.figures(), elapsed_ms, started_unix_ms, behind_ms: 0 };
}

/** Fills a topic with OTLP protobuf, as many spans a message as Spanloom's own have, to the partitions in turn. */
export async function fillOtlpTopic(shape: SpanShape, topic: string): Promise<Figures> {
  const { kafka, producer, partitions } = await connect();
  const started_unix_ms = Date.now();
  let messages = 0;
  let bytes = 0;
  let batch: { partition: number; value: Buffer }[] = [];
  for (const value of otlpBodies(shape, SPANS_PER_MESSAGE)) {
    batch.push({ partition: messages++ % partitions, value });
    bytes += value.length;
    if (batch.length < partitions) continue;
    await producer.send(topic, batch);
    batch = [];
  }
  await producer.send(topic, batch);
  await kafka.close();
  const traces = Math.ceil(shape.spans / shape.trace_spans);
  const elapsed_ms = Date.now() - started_unix_ms;
  return { spans: shape.spans, traces, messages, bytes, elapsed_ms, started_unix_ms, behind_ms: 0 };
}

/** Spans encoded ahead of time, so that making them takes no CPU while others are measured. */
function encodeAll(shape: SpanShape): { bytes: Buffer; ends: Uint32Array; traces: number } {
  const source = createSpanSource(shape);
  const writer = new AvroWriter(shape.spans * (shape.span_bytes + 32));
  const ends = new Uint32Array(shape.spans);
  for (let i = 0; i < shape.spans; i++) {
    const span = source.next(FILL_START_UNIX_NANO);
    if (span === null) break;
    writeSpan(writer, span);
    ends[i] = writer.length;
  }
  return { bytes: writer.view(), ends, traces: source.traces() };
}

/**
 * Sends to the topic `spans` at a rate. The start time of a span is when it is sent, so the table of spans says how
 * long each took to get there.
 */
export async function paceLog(shape: SpanShape, spans_per_s: number): Promise<Figures> {
  const target = await connect();
  const sender = createSender(target);
  const { bytes, ends, traces } = encodeAll(shape);
  const stamp = new AvroWriter(16);
  const started_unix_ms = Date.now();
  let sent = 0;
  let behind_ms = 0;
  while (sent < ends.length) {
    const elapsed_ms = Date.now() - started_unix_ms;
    const due = Math.min(ends.length, Math.floor((elapsed_ms * spans_per_s) / 1000));
    behind_ms = Math.max(behind_ms, elapsed_ms - (sent * 1000) / spans_per_s - PACE_MS);
    stamp.reset();
    stamp.writeBigLong(BigInt(Date.now()) * 1_000_000n);
    for (; sent < due; sent++) {
      const start = sent === 0 ? 0 : (ends[sent - 1] as number);
      stamp.buffer.copy(bytes, start + START_AT, 0, START_BYTES);
      sender.packs.add(bytes, start, ends[sent] as number);
    }
    if (sender.packs.spanCount > 0) await sender.flush();
    await new Promise((resolve) => setTimeout(resolve, PACE_MS));
  }
  await sender.drain();
  await target.kafka.close();
  const elapsed_ms = Date.now() - started_unix_ms;
  return { spans: sent, traces, ...sender.figures(), elapsed_ms, started_unix_ms, behind_ms };
}
