import { protoMessage, protoPartialSuccess } from '../../src/import/proto-answer';

const bytes = (...parts: (number | string)[]): Buffer =>
  Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from([p]))));

describe('answers in protobuf', () => {
  test('an empty answer rejects nothing', () => {
    expect(protoPartialSuccess(Buffer.alloc(0))).toEqual({ rejected: 0, why: '' });
  });

  test('a partial success says how many and why', () => {
    const partial = bytes(0x08, 0xac, 0x02, 0x12, 4, 'ouch');
    const answer = Buffer.concat([bytes(0x0a, partial.length), partial]);
    expect(protoPartialSuccess(answer)).toEqual({ rejected: 300, why: 'ouch' });
  });

  test('a status says what is wrong', () => {
    expect(protoMessage(bytes(0x08, 3, 0x12, 3, 'bad'))).toBe('bad');
  });

  test('bytes cut anywhere, or of something else, are no error', () => {
    const answer = bytes(0x0a, 9, 0x08, 0xac, 0x02, 0x12, 4, 'ouch');
    for (let end = 0; end < answer.length; end++) {
      expect(protoPartialSuccess(answer.subarray(0, end))).toEqual({ rejected: 0, why: '' });
    }
    expect(protoMessage(Buffer.from('<html>not found</html>'))).toBe('');
  });
});
