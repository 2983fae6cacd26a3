import { createManualClock, retry, SpanloomError } from '../src';

const transient = new SpanloomError('engine-unavailable', 'away', { retriable: true });
const bounds = { attempts_max: 6, base_ms: 100, max_ms: 500, random: () => 0.999_999 };

test('waits double up to their bound, and the last error is thrown', async () => {
  const clock = createManualClock();
  const waits: number[] = [];
  const attempts: number[] = [];
  const result = retry(
    async (n) => {
      attempts.push(n);
      throw transient;
    },
    { ...bounds, clock, onRetry: (_, _n, wait_ms) => void waits.push(Math.round(wait_ms)) },
  );
  const failed = expect(result).rejects.toBe(transient);
  await clock.advance(10_000);
  await failed;
  expect(attempts).toEqual([1, 2, 3, 4, 5, 6]);
  expect(waits).toEqual([100, 200, 400, 500, 500]);
});

test('a success ends it', async () => {
  const clock = createManualClock();
  const result = retry(async (n) => (n < 3 ? Promise.reject(transient) : n), { ...bounds, clock });
  await clock.advance(10_000);
  expect(await result).toBe(3);
});

test('an error that will not go away is thrown at once', async () => {
  const error = new SpanloomError('usage', 'wrong');
  const attempt = jest.fn().mockRejectedValue(error);
  await expect(retry(attempt, { ...bounds, clock: createManualClock() })).rejects.toBe(error);
  expect(attempt).toHaveBeenCalledTimes(1);
});

test('an abort ends the wait', async () => {
  const abort = new AbortController();
  const clock = createManualClock();
  const result = retry(() => Promise.reject(transient), { ...bounds, clock, signal: abort.signal });
  const failed = expect(result).rejects.toThrow('stop');
  await clock.advance(1);
  abort.abort(new Error('stop'));
  await failed;
  expect(clock.sleepers).toBe(0);
});
