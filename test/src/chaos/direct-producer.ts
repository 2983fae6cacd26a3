import { AvroWriter, SpanBatchBuilder, writeSpan } from '@spanloom/avro';
import type { Oracle, Random } from '@spanloom/cli';
import { type Kafka, type Producer, tracePartition } from '@spanloom/kafka';
import type { Span } from '@spanloom/model';
import type { Clock } from '@spanloom/runtime';

/** Writes to the topic `spans` without a gateway, as any Kafka producer may. */
export interface DirectProducer {
  /** Spans acknowledged by Kafka. */
  readonly acked: number;
  /** Messages written that cannot be read, or hold a span that cannot. */
  readonly poison: number;
  /** Writes spans to their partition; `note` tells the oracle of them. */
  spans(spans: readonly Span[], note: boolean): Promise<void>;
  /** Messages that cannot be read, and one with a bad span between good ones. */
  writePoison(random: Random): Promise<void>;
  /** One trace of so many spans. */
  hugeTrace(random: Random, spans: number): Promise<void>;
}

const HUGE_BATCH_SPANS = 4000;
const SEND_WITHIN_MS = 300_000;
const UNKNOWN_SCHEMA = 999_999;

/** A small span of its own trace or a given one. */
export function smallSpan(random: Random, traceId: string, root: boolean): Span {
  return {
    traceId,
    spanId: random.hex(8),
    parentSpanId: root ? '' : random.hex(8),
    startUnixNano: BigInt(Date.now()) * 1_000_000n,
    durationNano: BigInt(random.int(1, 5_000_000)),
    kind: 1,
    statusCode: 0,
    service: 'direct',
    name: 'step',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: { 'service.name': 'direct' },
    attributes: {},
    events: [],
    links: [],
  };
}

/** Makes a producer that insists until Kafka has acknowledged. */
export function createDirectProducer(deps: {
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly schemaId: number;
  readonly partitions: number;
  readonly oracle: Oracle;
  readonly clock: Clock;
}): DirectProducer {
  const { kafka, producer, partitions, oracle, clock } = deps;
  const writer = new AvroWriter();
  let acked = 0;
  let poison = 0;

  function batch(spans: readonly Span[]): Buffer {
    const builder = new SpanBatchBuilder();
    for (const span of spans) {
      writer.reset();
      writeSpan(writer, span);
      builder.add(writer.view());
    }
    return builder.finish(deps.schemaId, clock.nowMs());
  }

  async function write(partition: number, value: Buffer): Promise<void> {
    const end_ms = clock.monotonicMs() + SEND_WITHIN_MS;
    for (;;) {
      try {
        await producer.send(kafka.topic('spans'), [{ partition, value }]);
        return;
      } catch (error) {
        if (clock.monotonicMs() > end_ms) throw error;
        await clock.sleep(500);
      }
    }
  }

  async function writeSpans(spans: readonly Span[], note: boolean): Promise<void> {
    const byPartition = new Map<number, Span[]>();
    for (const span of spans) {
      const partition = tracePartition(span.traceId, partitions);
      byPartition.set(partition, [...(byPartition.get(partition) ?? []), span]);
      if (note) oracle.sent(span);
    }
    for (const [partition, own] of byPartition) await write(partition, batch(own));
    acked += spans.length;
  }

  return {
    get acked() {
      return acked;
    },
    get poison() {
      return poison;
    },
    spans: writeSpans,
    async writePoison(random) {
      const good = [1, 2, 3].map((i) => smallSpan(random, random.hex(16), i === 1));
      const foreign = batch([smallSpan(random, random.hex(16), true)]);
      foreign.writeUInt32BE(UNKNOWN_SCHEMA, 1);
      const broken = batch([smallSpan(random, random.hex(16), true)]);
      const messages = [
        Buffer.from(random.hex(40)),
        foreign,
        broken.subarray(0, broken.length - random.int(2, 30)),
        batch([{ ...smallSpan(random, random.hex(16), true), service: '' }]),
      ];
      for (const value of messages) {
        await write(random.int(0, partitions - 1), value);
        poison++;
      }
      const traceId = good[0]?.traceId as string;
      const [first, second] = good.map((span) => ({ ...span, traceId })) as [Span, Span];
      const bad = { ...smallSpan(random, traceId, false), service: '' };
      oracle.sent(first);
      oracle.sent(second);
      await write(tracePartition(traceId, partitions), batch([first, bad, second]));
      poison++;
      acked += 2;
    },
    async hugeTrace(random, spans) {
      const traceId = random.hex(16);
      for (let sent = 0; sent < spans; sent += HUGE_BATCH_SPANS) {
        const count = Math.min(HUGE_BATCH_SPANS, spans - sent);
        const own = Array.from({ length: count }, (_, i) =>
          smallSpan(random, traceId, sent + i === 0),
        );
        await writeSpans(own, true);
      }
    },
  };
}
