import { keyPartition, murmur2, tracePartition } from '@spanloom/model';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';

/** Vectors of the Java client's own test of `Utils.murmur2`. */
const VECTORS: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

test.each(VECTORS)('murmur2 of %s is what the Java client computes', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test('a key goes to the partition that the default partitioner of a Kafka client takes', () => {
  const partitioner = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.integer({ min: 1, max: 64 }),
      (bytes, partitions) => {
        const key = Buffer.from(bytes);
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          partitionErrorCode: 0,
          partitionId,
          leader: 0,
          replicas: [0],
          isr: [0],
        }));
        const message = { key, value: null };
        const expected = partitioner({ topic: 't', partitionMetadata, message });
        expect(keyPartition(key, partitions)).toBe(expected);
      },
    ),
  );
});

test('a trace id is the same key as a string and as bytes', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  expect(tracePartition(id, 8)).toBe(tracePartition(Buffer.from(id, 'ascii'), 8));
  expect(tracePartition(id, 1)).toBe(0);
});
