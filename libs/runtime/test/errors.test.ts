import { isRetriable, SpanloomError } from '../src';

test('an error carries its code, cause and details', () => {
  const cause = new Error('below');
  const error = new SpanloomError('timeout', 'too late', { cause, details: { waited_ms: 5 } });
  expect(error).toMatchObject({
    code: 'timeout',
    retriable: false,
    details: { waited_ms: 5 },
    cause,
  });
  expect(error).toBeInstanceOf(Error);
});

test.each([
  [
    'what the error says of itself',
    new SpanloomError('engine-unavailable', '', { retriable: true }),
    true,
  ],
  ['no by default', new SpanloomError('internal', ''), false],
  ['a network code', Object.assign(new Error(), { code: 'ECONNRESET' }), true],
  [
    'a network code below',
    new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }),
    true,
  ],
  ['another code', Object.assign(new Error(), { code: 'EACCES' }), false],
  [
    'an own error above a network code',
    new SpanloomError('usage', '', { cause: { code: 'EPIPE' } }),
    false,
  ],
  ['no error at all', 'text', false],
  ['nothing', null, false],
])('retriable: %s', (_, error, expected) => {
  expect(isRetriable(error)).toBe(expected);
});

test('a chain of causes that loops ends', () => {
  const loop: { cause?: unknown } = {};
  loop.cause = loop;
  expect(isRetriable(loop)).toBe(false);
});
