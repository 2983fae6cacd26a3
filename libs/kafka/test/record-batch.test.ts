import fc from 'fast-check';
import RecordEncoder from 'kafkajs/src/protocol/recordBatch/record/v0';
import { RecordBatch } from 'kafkajs/src/protocol/recordBatch/v0';
import { codecOf, registerCodecs } from '../src/codecs';
import { decodeRecordBatches } from '../src/record-batch';

registerCodecs();

interface Sample {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly delta_ms: number;
  readonly headers: Readonly<Record<string, Buffer>>;
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b));
const sample: fc.Arbitrary<Sample> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  delta_ms: fc.integer({ min: -5_000, max: 2 ** 33 }),
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), bytes, { maxKeys: 3 }),
});

interface BatchOptions {
  readonly firstOffset?: number;
  readonly compression?: number;
  readonly producerId?: number;
  readonly transactional?: boolean;
}

const BASE_MS = 1_700_000_000_000;

/** A record batch as kafkajs' producer writes it. */
async function encode(samples: readonly Sample[], options: BatchOptions = {}): Promise<Buffer> {
  const records = samples.map((s, i) =>
    RecordEncoder({
      offsetDelta: i,
      timestampDelta: s.delta_ms,
      key: s.key,
      value: s.value,
      headers: s.headers,
    }),
  );
  const encoder = await RecordBatch({
    firstTimestamp: BASE_MS,
    maxTimestamp: BASE_MS + 7,
    lastOffsetDelta: samples.length - 1,
    records,
    ...options,
  });
  return encoder.buffer;
}

/** Sets attribute bits (log append time, control) that a producer never sets. */
function withAttributes(batch: Buffer, bits: number): Buffer {
  const copy = Buffer.from(batch);
  copy.writeInt16BE(copy.readInt16BE(21) | bits, 21);
  return copy;
}

const one: Sample = { key: null, value: Buffer.from('v'), delta_ms: 3, headers: {} };

test.each([0, 1, 2, 3])('decodes what the producer encodes (codec %i)', async (compression) => {
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 20 }), async (samples) => {
      const batch = await encode(samples, { firstOffset: 5, compression });
      const { records, nextOffset } = await decodeRecordBatches(batch, 0, []);
      expect(nextOffset).toBe(5 + samples.length);
      expect(records).toEqual(
        samples.map((s, i) => ({
          offset: 5 + i,
          timestampMs: BASE_MS + s.delta_ms,
          key: s.key,
          value: s.value,
          headers: s.headers,
        })),
      );
    }),
    { numRuns: 50 },
  );
});

test("takes the broker's append time where the batch says so", async () => {
  const batch = withAttributes(await encode([one, one]), 0x08);
  const { records } = await decodeRecordBatches(batch, 0, []);
  expect(records.map((r) => r.timestampMs)).toEqual([BASE_MS + 7, BASE_MS + 7]);
});

test('leaves out records before the wanted offset, and a batch that is cut off', async () => {
  const first = await encode([one, one, one], { firstOffset: 10 });
  const second = await encode([one], { firstOffset: 13 });
  const whole = Buffer.concat([first, second]);
  const cut = whole.subarray(0, whole.length - 1);
  expect((await decodeRecordBatches(whole, 11, [])).records.map((r) => r.offset)).toEqual([
    11, 12, 13,
  ]);
  expect((await decodeRecordBatches(cut, 11, [])).nextOffset).toBe(13);
  expect(await decodeRecordBatches(cut.subarray(0, 40), 11, [])).toEqual({
    records: [],
    nextOffset: null,
  });
});

test('leaves out markers and aborted transactions, and goes on after them', async () => {
  const transactional = true;
  const aborted = await encode([one, one], { firstOffset: 0, producerId: 7, transactional });
  const other = await encode([one], { firstOffset: 2, producerId: 8, transactional });
  const marker = withAttributes(
    await encode([one], { firstOffset: 3, producerId: 7, transactional }),
    0x20,
  );
  const again = await encode([one], { firstOffset: 4, producerId: 7, transactional });
  const log = Buffer.concat([aborted, other, marker, again]);
  const { records, nextOffset } = await decodeRecordBatches(log, 0, [
    { producerId: 7n, firstOffset: 0 },
  ]);
  expect(records.map((r) => r.offset)).toEqual([2, 4]);
  expect(nextOffset).toBe(5);
});

test('broken bytes are an error or records, never a hang', async () => {
  const batch = await encode([one, { ...one, headers: { h: Buffer.from('x') } }]);
  await fc.assert(
    fc.asyncProperty(fc.nat(batch.length - 1), fc.nat(255), async (at, byte) => {
      const broken = Buffer.from(batch);
      broken[at] = byte;
      const outcome = await decodeRecordBatches(broken, 0, []).catch((error: unknown) => error);
      expect(outcome).toBeDefined();
    }),
    { numRuns: 500 },
  );
});

test('an unknown codec is named', () => {
  expect(() => codecOf(5)).toThrow(expect.objectContaining({ code: 'state-corrupt' }));
  expect(codecOf(0)).toBeUndefined();
});
