import { SpanBatchBuilder } from '@spanloom/avro';
import { type OutgoingRecord, type SendReceipt, tracePartition } from '@spanloom/kafka';
import type { SpanArena } from '@spanloom/otlp';
import type { Clock } from '@spanloom/runtime';
import type { GatewayMetrics } from './metrics';
import { writeTraceHex } from './trace-hex';

/** Packs the spans of many requests into few messages, one per partition and flush. */
export interface Packer {
  /**
   * Packs all spans of the arena before it returns; the arena can be reused then. Resolves when
   * Kafka has acknowledged every one of them, with when the last of them was appended (ms since 1970; null where the
   * broker does not say); rejects with what `send` rejected with.
   */
  add(arena: SpanArena): Promise<number | null>;
  /** Sends what is packed, and waits for everything on its way. */
  drain(): Promise<void>;
}

/** What a packer needs. */
export interface PackerDeps {
  /** Resolves when Kafka acknowledged the records. Several calls may be under way. */
  readonly send: (records: readonly OutgoingRecord[]) => Promise<SendReceipt>;
  readonly metrics: Pick<GatewayMetrics, 'pack' | 'produced'>;
  readonly clock: Clock;
  /** The registry's id of the canonical SpanBatch schema. */
  readonly schemaId: number;
}

/** How a packer packs. */
export interface PackerConfig {
  readonly partitions: number;
  readonly linger_ms: number;
  readonly pack_bytes_max: number;
}

/** The spans that go out together. */
interface Flush {
  readonly acknowledged: Promise<SendReceipt>;
  readonly settle: (sent: Promise<SendReceipt>) => void;
}

interface Pack {
  readonly spans: SpanBatchBuilder;
  /** The first trace id in hex: the message's key. */
  readonly key: Buffer;
}

function openFlush(): Flush {
  let settle: Flush['settle'] = () => undefined;
  const acknowledged = new Promise<SendReceipt>((resolve) => {
    settle = resolve;
  });
  // A request waits for its flush only after all its spans are packed: no rejection may be unseen.
  acknowledged.catch(() => undefined);
  return { acknowledged, settle };
}

/** Makes a packer. */
export function createPacker(config: PackerConfig, deps: PackerDeps): Packer {
  const { clock, metrics } = deps;
  const packs: readonly Pack[] = Array.from({ length: config.partitions }, () => ({
    spans: new SpanBatchBuilder(),
    key: Buffer.alloc(32),
  }));
  const traceHex = Buffer.alloc(32);
  const underWay = new Set<Promise<unknown>>();
  let flush = openFlush();
  let timer: NodeJS.Timeout | null = null;

  function takeRecords(): readonly OutgoingRecord[] {
    const records: OutgoingRecord[] = [];
    packs.forEach(({ spans, key }, partition) => {
      if (spans.spanCount === 0) return;
      const value = spans.finish(deps.schemaId, clock.nowMs());
      metrics.pack(value.length, spans.spanCount);
      records.push({ partition, key: Buffer.from(key), value });
      spans.reset();
    });
    return records;
  }

  async function send(records: readonly OutgoingRecord[]): Promise<SendReceipt> {
    const start_ms = clock.monotonicMs();
    const seconds = (): number => (clock.monotonicMs() - start_ms) / 1000;
    try {
      const receipt = await deps.send(records);
      metrics.produced(seconds(), 'ok');
      return receipt;
    } catch (error) {
      metrics.produced(seconds(), 'failed');
      throw error;
    }
  }

  function sendPacks(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const records = takeRecords();
    if (records.length === 0) return;
    const { acknowledged, settle } = flush;
    flush = openFlush();
    underWay.add(acknowledged);
    settle(send(records).finally(() => underWay.delete(acknowledged)));
  }

  function addSpan(
    buffer: Buffer,
    start: number,
    end: number,
    waits: Set<Promise<SendReceipt>>,
  ): void {
    writeTraceHex(buffer, start, traceHex);
    const pack = packs[tracePartition(traceHex, config.partitions)] as Pack;
    const { spans } = pack;
    if (spans.spanCount > 0 && spans.bytes + end - start > config.pack_bytes_max) sendPacks();
    if (spans.spanCount === 0) traceHex.copy(pack.key);
    spans.add(buffer, start, end);
    waits.add(flush.acknowledged);
  }

  return {
    async add(arena) {
      const waits = new Set<Promise<SendReceipt>>();
      arena.forEachSpan((buffer, start, end) => addSpan(buffer, start, end, waits));
      timer ??= setTimeout(sendPacks, config.linger_ms);
      const times = (await Promise.all(waits)).map(({ appendedAt_ms }) => appendedAt_ms);
      return times.reduce(
        (last, at) => (last === null || at === null ? null : Math.max(last, at)),
        times[0] ?? null,
      );
    },
    async drain() {
      sendPacks();
      await Promise.allSettled([...underWay]);
    },
  };
}
