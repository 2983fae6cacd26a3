import { SpanBatchBuilder } from '@spanloom/avro';
import { type OutgoingRecord, tracePartition } from '@spanloom/kafka';

/** Packs spans as the gateway does: one message for each partition and flush. */
export interface Packs {
  /** Spans in the packs that are open. */
  readonly spanCount: number;
  /** Adds a span's Avro bytes, `source[start…end)`. */
  add(source: Buffer, start: number, end: number): void;
  /** The messages of this flush. */
  take(): OutgoingRecord[];
}

/** Makes packs for a topic of so many partitions. */
export function createPacks(partitions: number, schemaId: number): Packs {
  const packs = Array.from({ length: partitions }, () => ({
    spans: new SpanBatchBuilder(),
    key: '',
  }));
  let spanCount = 0;
  return {
    get spanCount() {
      return spanCount;
    },
    add(source, start, end) {
      const traceId = source.toString('hex', start, start + 16);
      const pack = packs[tracePartition(traceId, partitions)] as (typeof packs)[number];
      if (pack.spans.spanCount === 0) pack.key = traceId;
      pack.spans.add(source, start, end);
      spanCount++;
    },
    take() {
      spanCount = 0;
      const records: OutgoingRecord[] = [];
      packs.forEach(({ spans, key }, partition) => {
        if (spans.spanCount === 0) return;
        records.push({
          partition,
          key: Buffer.from(key),
          value: spans.finish(schemaId, Date.now()),
        });
        spans.reset();
      });
      return records;
    },
  };
}
