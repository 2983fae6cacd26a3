import fc from 'fast-check';
import crc32cOfKafkajs from 'kafkajs/src/protocol/recordBatch/crc32C';
import { compressionType } from '../src/codecs';
import type { OutgoingRecord } from '../src/record';
import { decodeRecordBatches } from '../src/record-batch';
import { type EncodedBatch, encodeRecordBatch } from '../src/record-batch-writer';

const NOW_MS = 1_700_000_000_123;
const bytes = fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b));
/** Small ones are copied into the batch, large ones are pieces of it. */
const value = fc.oneof(
  bytes,
  fc.integer({ min: 4090, max: 5000 }).map((length) => Buffer.alloc(length, length)),
);
const joined = ({ pieces }: EncodedBatch): Buffer => Buffer.concat(pieces);
const record: fc.Arbitrary<OutgoingRecord> = fc.record({
  partition: fc.constant(0),
  key: fc.option(bytes),
  value: fc.option(value),
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), bytes, { maxKeys: 3 }),
});

test.each(['none', 'gzip', 'snappy', 'lz4'] as const)(
  '%s: what is encoded is read back',
  async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 100 }), async (records) => {
        const compression = compressionType(name);
        const encoded = await encodeRecordBatch(records, compression, NOW_MS);
        const batch = joined(encoded);
        expect(encoded.length).toBe(batch.length);
        expect(batch.readUInt32BE(17)).toBe(crc32cOfKafkajs(batch.subarray(21)));
        const found = await decodeRecordBatches(batch, 0, []);
        expect(found.nextOffset).toBe(records.length);
        expect(found.records).toEqual(
          records.map(({ key, value, headers }, offset) => ({
            offset,
            timestampMs: NOW_MS,
            key,
            value,
            headers: { ...headers },
          })),
        );
      }),
      { numRuns: 40 },
    );
  },
);

test('the producer and its sequence are where the broker looks for them', async () => {
  const producer = { id: 4_294_967_299n, epoch: 7, firstSequence: 2 ** 31 - 1 };
  const batch = joined(
    await encodeRecordBatch([{ partition: 0, value: null }], 0, NOW_MS, producer),
  );
  expect([batch.readBigInt64BE(43), batch.readInt16BE(51), batch.readInt32BE(53)]).toEqual([
    producer.id,
    producer.epoch,
    producer.firstSequence,
  ]);
  expect(batch.readUInt32BE(17)).toBe(crc32cOfKafkajs(batch.subarray(21)));
});
