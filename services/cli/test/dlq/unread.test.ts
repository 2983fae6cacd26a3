import { AvroWriter, SpanBatchBuilder, wireHeader, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import fc from 'fast-check';
import { decodeSpanFields } from '../../src/dlq/decode-raw';
import { readMessage, withoutSpans } from '../../src/dlq/unread';

function spanBytes(id: number, kind = 1): Buffer {
  const writer = new AvroWriter();
  const span: Span = {
    traceId: id.toString(16).padStart(32, 'a'),
    spanId: id.toString(16).padStart(16, 'b'),
    parentSpanId: '',
    startUnixNano: 1_700_000_000_000_000_000n,
    durationNano: 5n,
    kind: kind as Span['kind'],
    statusCode: 0,
    service: 'cart',
    name: 'get',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: {},
    attributes: { key: 'value' },
    events: [],
    links: [],
  };
  writeSpan(writer, span);
  return Buffer.from(writer.view());
}

const NONE: ReadonlySet<number> = new Set();
const ids = (value: Buffer) => readMessage(value, NONE).spans.map(({ spanId }) => spanId);

/** Blocks without sizes, as Avro libraries write them. */
function plainBatch(blocks: readonly (readonly Buffer[])[]): Buffer {
  const writer = new AvroWriter();
  writer.writeRaw(wireHeader(7));
  writer.writeLong(1234);
  for (const block of blocks) {
    writer.writeLong(block.length);
    for (const span of block) writer.writeRaw(span);
  }
  writer.writeByte(0);
  return writer.take();
}

test('what is left of a broken message holds the chosen spans, and breaks at the same span', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
      (sizes, cutAt, choice) => {
        let id = 0;
        const message = plainBatch(
          sizes.map((size) => Array.from({ length: size }, () => spanBytes(++id))),
        );
        const cut = message.subarray(0, 8 + (cutAt % (message.length - 8)));
        const read = readMessage(cut, NONE);
        const keep = new Set(read.spans.filter((_, i) => choice[i]).map(({ spanId }) => spanId));
        const left = withoutSpans(cut, read, ({ spanId }) => keep.has(spanId));
        expect(read.brokenAt).not.toBeNull();
        const again = readMessage(left as Buffer, NONE);
        expect(again.spans.map(({ spanId }) => spanId)).toEqual([...keep]);
        expect(again.brokenAt).not.toBeNull();
        // The missing end put back, the spans that could not be read are there, and only they besides.
        const healed = Buffer.concat([left as Buffer, message.subarray(cut.length)]);
        const unread = ids(message).slice(read.spans.length);
        expect(ids(healed)).toEqual([...keep, ...unread]);
      },
    ),
  );
});

test('spans with letters of their own are left out, and nothing is left of a message that can be read', () => {
  const builder = new SpanBatchBuilder();
  for (const [id, kind] of [
    [1, 1],
    [2, 9],
    [3, 1],
  ] as const)
    builder.add(spanBytes(id, kind));
  const value = builder.finish(7, 0);
  const read = readMessage(value, new Set([2]));
  expect(read.spans.map(({ kind }) => kind)).toEqual([1]);
  expect(withoutSpans(value, read, () => false)).toBeNull();
  expect(ids(withoutSpans(value, read, () => true) as Buffer)).toEqual([read.spans[0]?.spanId]);
});

test('a span is decoded up to the field that breaks', () => {
  const whole = spanBytes(5);
  expect(decodeSpanFields(whole).map(([name]) => name)).toContain('links');
  const cut = decodeSpanFields(whole.subarray(0, 50));
  expect(cut.slice(0, 2)).toEqual(decodeSpanFields(whole).slice(0, 2));
  expect(cut.at(-1)?.[1]).toContain('cannot be read at byte');
});
