import { partialSuccess, retryAfterMs } from '../../src/import/post';

test('retryAfterMs reads seconds and dates, within bounds', () => {
  const now_ms = Date.parse('2024-01-01T00:00:00Z');
  expect(retryAfterMs('2', now_ms)).toBe(2000);
  expect(retryAfterMs('Mon, 01 Jan 2024 00:00:05 GMT', now_ms)).toBe(5000);
  expect(retryAfterMs('Sun, 31 Dec 2023 00:00:00 GMT', now_ms)).toBe(0);
  expect(retryAfterMs('86400', now_ms)).toBe(60_000);
  for (const header of [null, '', 'soon']) expect(retryAfterMs(header, now_ms)).toBeNull();
});

test('partialSuccess reads counts as text or number', () => {
  const answer = (rejectedSpans: unknown): string =>
    JSON.stringify({ partialSuccess: { rejectedSpans, errorMessage: 'why' } });
  expect(partialSuccess(answer('3'))).toEqual({ rejected: 3, why: 'why' });
  expect(partialSuccess(answer(3))).toEqual({ rejected: 3, why: 'why' });
  for (const body of ['{}', '', 'ok']) {
    expect(partialSuccess(body)).toEqual({ rejected: 0, why: '' });
  }
});
