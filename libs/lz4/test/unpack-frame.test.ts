import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { unpackFrame } from '../src/unpack-frame';
import { plainContent, type Sequence, writeBlock, writeFrame } from './frames';

const MAX = 16 * 1024 * 1024;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const literals = (min: number) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ minLength: min, maxLength: 40 }) },
    fc.uint8Array({ minLength: 255, maxLength: 600 }),
  );
const step = fc.record({
  literals: literals(0),
  back: fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, fc.nat(70_000)),
  length: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 4, max: 40 }) }, fc.nat(700)),
});
/** Sequences whose matches refer to what is there, `before` bytes ahead of them included. */
function sequences(
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
  before: number,
) {
  let filled = before;
  const found: Sequence[] = [];
  for (const one of steps) {
    filled += one.literals.length;
    const length = Math.max(one.length, 4);
    if (filled === 0) continue;
    const offset = 1 + (one.back % Math.min(filled, 65_535));
    found.push({ literals: one.literals, match: { offset, length } });
    filled += length;
  }
  return [...found, { literals: Buffer.from('the end'), match: null }];
}
const steps = fc.array(step, { maxLength: 12 });

test('unpacks any sequences as a plain reader does', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const block = sequences(taken, 0);
      const frame = writeFrame([{ bytes: writeBlock(block), isStored: false }]);
      expect(text(unpackFrame(frame, MAX))).toBe(text(Buffer.from(plainContent(block, []))));
    }),
    { numRuns: 500 },
  );
});

test('blocks may be linked, stored, and have checksums', () => {
  const blocks = fc.array(fc.oneof(steps, fc.uint8Array({ maxLength: 300 })), { maxLength: 5 });
  const options = fc.record({
    isLinked: fc.boolean(),
    hasBlockChecksums: fc.boolean(),
    hasContentSize: fc.boolean(),
    sizeCode: fc.integer({ min: 4, max: 7 }),
  });
  fc.assert(
    fc.property(blocks, options, (all, given) => {
      let content: number[] = [];
      const packed = all.map((one) => {
        if (one instanceof Uint8Array) {
          content.push(...one);
          return { bytes: one, isStored: true };
        }
        const block = sequences(one, given.isLinked ? content.length : 0);
        content = given.isLinked
          ? plainContent(block, content)
          : [...content, ...plainContent(block, [])];
        return { bytes: writeBlock(block), isStored: false };
      });
      // A block of no bytes would end the frame.
      const blocksOfBytes = packed.filter(({ bytes }) => bytes.length > 0);
      expect(text(unpackFrame(writeFrame(blocksOfBytes, given), MAX))).toBe(
        text(Buffer.from(content)),
      );
    }),
    { numRuns: 300 },
  );
});

test('unpacks what a common library packs, from nothing to many blocks', () => {
  const word = fc.constantFrom('http.request.method', 'GET', '/cart', 'a', '\u0000', 'öäü', '42');
  const content = fc.oneof(
    fc.array(word, { maxLength: 20_000 }).map((words) => Buffer.from(words.join(''))),
    fc.uint8Array({ maxLength: 200_000 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(content, (bytes) => {
      expect(bytes.equals(unpackFrame(compressFrameSync(bytes), MAX))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('a frame that grows the memory is as whole as the next small one', () => {
  const large = Buffer.alloc(40 * 1024 * 1024, 'spanloom ');
  expect(large.equals(unpackFrame(compressFrameSync(large), 64 * 1024 * 1024))).toBe(true);
  const small = Buffer.from('small');
  expect(small.equals(unpackFrame(compressFrameSync(small), MAX))).toBe(true);
});

test('content is bounded', () => {
  const frame = compressFrameSync(Buffer.alloc(100_000));
  expect(unpackFrame(frame, 100_000)).toHaveLength(100_000);
  expect(() => unpackFrame(frame, 99_999)).toThrow(RangeError);
  const stored = writeFrame([{ bytes: Buffer.alloc(100), isStored: true }]);
  expect(() => unpackFrame(stored, 99)).toThrow(RangeError);
});

test('broken bytes are refused, or unpacked to something within bounds', () => {
  const whole = compressFrameSync(
    Buffer.from(Array.from({ length: 2000 }, (_, i) => `span ${i % 70} `).join('')),
  );
  const damage = fc.record({
    at: fc.nat(whole.length - 1),
    to: fc.nat(255),
    cut: fc.option(fc.nat(whole.length)),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (all) => {
      let bytes = Buffer.from(whole);
      for (const { at, to, cut } of all) {
        if (at < bytes.length) bytes[at] = to;
        if (cut !== null) bytes = bytes.subarray(0, cut);
      }
      try {
        expect(unpackFrame(bytes, MAX).length).toBeLessThanOrEqual(MAX);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['nothing', Buffer.alloc(0), /not an LZ4 frame/],
  ['another format', Buffer.from('\u001f\u008b a gzip file'), /not an LZ4 frame/],
  ['another version', Buffer.of(4, 0x22, 0x4d, 0x18, 0x80, 0x40, 0), /another version/],
  ['a dictionary', Buffer.of(4, 0x22, 0x4d, 0x18, 0x61, 0x40, 0), /dictionary/],
  ['no block size', Buffer.of(4, 0x22, 0x4d, 0x18, 0x60, 0x30, 0), /block size/],
  ['no end', Buffer.of(4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0), /cut off/],
  [
    'a match before the beginning',
    writeFrame([{ bytes: Buffer.of(0x10, 65, 2, 0, 0x10, 66), isStored: false }]),
    /broken/,
  ],
  [
    'a match of no distance',
    writeFrame([{ bytes: Buffer.of(0x10, 65, 0, 0, 0x10, 66), isStored: false }]),
    /broken/,
  ],
])('refuses %s', (_, frame, why) => {
  expect(() => unpackFrame(frame, MAX)).toThrow(why);
});
