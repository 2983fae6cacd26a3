import { AvroWriter, writeSpan } from '@spanloom/avro';
import { type OutgoingRecord, tracePartition } from '@spanloom/kafka';
import { createPacks } from '../load/packs';
import { DEFAULT_SHAPE } from '../spans/shape';
import { createSpanSource } from '../spans/span-source';

/** How spans become messages: `packed` as the gateway does it, `single` as any other producer. */
export const PACKINGS = ['packed', 'single'] as const;
export type Packing = (typeof PACKINGS)[number];

export const PARTITIONS = 8;
/** Spans of a packed message on the mean. */
const SPANS_PER_MESSAGE = 100;
/** Spans of one `send`: a flush of a busy gateway. */
export const SPANS_PER_SEND = SPANS_PER_MESSAGE * PARTITIONS;
/** Distinct sends; they are sent again and again, so that making them takes little memory. */
const SENDS_DISTINCT = 25;
const START_UNIX_NANO = 1_760_000_000_000_000_000n;

/** Makes the sends that a run goes through in turn: of {@link SPANS_PER_SEND} spans of the bench each. */
export function makeSends(packing: Packing): readonly (readonly OutgoingRecord[])[] {
  const source = createSpanSource({ ...DEFAULT_SHAPE, spans: SENDS_DISTINCT * SPANS_PER_SEND });
  const writer = new AvroWriter();
  const packs = createPacks(PARTITIONS, 1);
  const sends: OutgoingRecord[][] = [];
  for (let i = 0; i < SENDS_DISTINCT; i++) {
    const single: OutgoingRecord[] = [];
    for (let n = 0; n < SPANS_PER_SEND; n++) {
      const span = source.next(START_UNIX_NANO);
      if (span === null) break;
      writer.reset();
      writeSpan(writer, span);
      packs.add(writer.buffer, 0, writer.length);
      const partition = tracePartition(span.traceId, PARTITIONS);
      const value = Buffer.from(writer.view());
      single.push({ partition, key: Buffer.from(span.traceId), value });
    }
    const packed = packs.take();
    sends.push(packing === 'packed' ? packed : single);
  }
  return sends;
}
