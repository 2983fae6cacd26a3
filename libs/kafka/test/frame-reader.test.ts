import fc from 'fast-check';
import { FrameReader } from '../src/frame-reader';

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(body.length);
  frame.set(body, 4);
  return frame;
}

test('frames come out whole, wherever the stream is cut, and chunks may be used again', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 });
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(bodies, cuts, (all, sizes) => {
      const frames = all.map(framed);
      const stream = Buffer.concat(frames);
      const reader = new FrameReader();
      const found: Buffer[] = [];
      for (let at = 0; at < stream.length; ) {
        const end = Math.min(stream.length, at + (sizes.next().value as number));
        const chunk = Buffer.from(stream.subarray(at, end));
        reader.push(chunk, (frame) => found.push(frame));
        chunk.fill(0xff);
        at = end;
      }
      expect(found).toEqual(frames);
    }),
  );
});

test.each([-1, 2 ** 31 - 1])('a length of %d is refused', (length) => {
  const head = Buffer.alloc(4);
  head.writeInt32BE(length);
  expect(() => new FrameReader().push(head, () => undefined)).toThrow('announced an answer');
});
