import { filterOf, isUnfiltered, letterOf, parseTime } from '../../src/dlq/filter';
import { hexDump } from '../../src/dlq/hex-dump';
import { formatName, parseName } from '../../src/dlq/letter-name';

const CONTEXT = { prefix: 'a.', nowMs: 10_000_000 };

test.each(['spans/3@42#0', 'a.spans/0@0#-1', 'x/y/65535@9007199254740991#7'])(
  '%s is a name',
  (text) => {
    expect(formatName(parseName(text))).toBe(text);
  },
);

test('a name without an index is the whole message; the prefix may be left out', () => {
  const whole = { topic: 'a.spans', partition: 3, offset: 42, index: -1 };
  expect(letterOf('spans/3@42', 'a.')).toEqual(whole);
  expect(letterOf('a.spans/3@42#-1', 'a.')).toEqual(whole);
});

test.each(['', 'spans', 'spans/3', 'spans/x@1', 'spans/3@-1', 'spans/3@1#-2', 'spans/3@1#'])(
  '"%s" is no name',
  (text) => {
    expect(() => parseName(text)).toThrow('should look like spans/3@42#0');
  },
);

test('times are absolute, or ago', () => {
  expect(parseTime('--since', '2h', CONTEXT.nowMs)).toBe(10_000_000 - 7_200_000);
  expect(parseTime('--since', '1970-01-01T00:00:05Z', CONTEXT.nowMs)).toBe(5000);
  for (const wrong of ['', '5', 'yesterday', '2h30m', '2026-13-01']) {
    expect(() => parseTime('--since', wrong, CONTEXT.nowMs)).toThrow('--since');
  }
});

test('what people give goes into parameters, never into the condition', () => {
  const hostile = "x' OR 1 = 1";
  const flags = { reason: [hostile], topic: hostile, partition: '3', trace: 'AB'.repeat(16) };
  const { where, params } = filterOf(flags, ['spans/3@42#0'], ['open'], CONTEXT);
  expect(where).not.toContain(hostile);
  expect(params).toMatchObject({
    states: ['open'],
    reasons: [hostile],
    topic: `a.${hostile}`,
    partition: 3,
    trace: 'ab'.repeat(16),
    topics: ['a.spans'],
    offsets: [42],
  });
  expect(() => filterOf({ trace: 'abc' }, [], ['open'], CONTEXT)).toThrow('32 hex');
  expect(() => filterOf({ partition: '-1' }, [], ['open'], CONTEXT)).toThrow('--partition');
  expect([isUnfiltered({}), isUnfiltered({ until: '1d' })]).toEqual([true, false]);
});

test('a dump shows offset, hex and text, and how much is left', () => {
  const dump = hexDump(Buffer.from('0123456789abcdef\u0000z and more'), 18);
  expect(dump).toEqual([
    '000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef',
    `000010  00 7a${' '.repeat(42)}  .z`,
    '… 9 more bytes',
  ]);
});
