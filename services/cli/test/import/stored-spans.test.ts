import type { Clock } from '@spanloom/runtime';
import { chunksOf, pollUntil } from '../../src/import/stored-spans';

/** A clock on which sleeping takes no time. */
function jumpingClock(): Clock {
  let now_ms = 0;
  return {
    nowMs: () => now_ms,
    monotonicMs: () => now_ms,
    sleep: async (ms) => {
      now_ms += ms;
    },
  };
}

test('chunksOf keeps order and leaves nothing out', () => {
  expect(chunksOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(chunksOf([], 2)).toEqual([]);
});

test('pollUntil ends when it is done', async () => {
  let looks = 0;
  await pollUntil(async () => ({ done: ++looks === 3, seen: 0 }), 10_000, jumpingClock());
  expect(looks).toBe(3);
});

test('pollUntil gives up only after a stall, not while something changes', async () => {
  const clock = jumpingClock();
  await pollUntil(
    async () => ({ done: false, seen: Math.min(20, clock.nowMs() / 1000) }),
    5000,
    clock,
  );
  expect(clock.nowMs()).toBe(25_000);
});
