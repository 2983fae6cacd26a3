import { createTurns, type Turns } from '@spanloom/kafka';
import { createManualClock } from '@spanloom/runtime';
import fc from 'fast-check';
import { Pace } from '../src/pace';

const LINGER_MS = 2000;

/** A partition whose log ends at `end`, and its pace. */
function partition(clock = createManualClock(), turns: Turns = createTurns(1)) {
  const reasons = new Set<string>();
  const handle = {
    end: 0,
    pause: (why: string) => void reasons.add(why),
    resume: (why?: string) => void (why === undefined ? reasons.clear() : reasons.delete(why)),
    highWatermark: () => handle.end,
  };
  const pace = new Pace({ handle, turns, clock, linger_ms: LINGER_MS });
  return { handle, pace, isPaused: () => reasons.size > 0 };
}

test('what comes while a block lingers stays in the log, and is read when it has lingered', async () => {
  const clock = createManualClock();
  const { handle, pace, isPaused } = partition(clock);
  expect(pace.isReading).toBe(true);
  pace.gather(0);
  await clock.advance(LINGER_MS - 1);
  pace.look(false);
  expect([isPaused(), pace.isReached(100)]).toEqual([true, false]);
  await clock.advance(1);
  pace.look(false);
  expect(isPaused()).toBe(false);
  handle.end = 100;
  expect(pace.isReached(99)).toBe(false);
  // What comes during the turn belongs to the next block.
  handle.end = 120;
  expect(pace.isReached(100)).toBe(true);
});

test('a whole block that waits is read at once', () => {
  const { pace, isPaused } = partition();
  pace.gather(0);
  pace.look(true);
  expect(isPaused()).toBe(false);
});

test.each([
  ['what is up to date lingers once', 500, LINGER_MS],
  ['what is behind lingers for half as long as it is behind', 9000, 4500],
  ['and ten times at most', 3_600_000, 10 * LINGER_MS],
])('%s', async (_, behind_ms, linger_ms) => {
  const clock = createManualClock();
  const { pace, isPaused } = partition(clock);
  pace.gather(behind_ms);
  await clock.advance(linger_ms - 1);
  pace.look(false);
  expect(isPaused()).toBe(true);
  await clock.advance(1);
  pace.look(false);
  expect(isPaused()).toBe(false);
});

test('a turn ends when the log has no more, or does not come', async () => {
  const clock = createManualClock();
  const { pace } = partition(clock);
  pace.gather(0);
  pace.look(true);
  expect(pace.isSpent(false)).toBe(false);
  expect(pace.isSpent(true)).toBe(true);
  await clock.advance(LINGER_MS);
  expect(pace.isSpent(false)).toBe(true);
  pace.read();
  expect([pace.isReading, pace.isSpent(true)]).toEqual([true, false]);
});

test('waiting for a turn is not counted as one', async () => {
  const clock = createManualClock();
  const turns = createTurns(1);
  const [first, second] = [partition(clock, turns), partition(clock, turns)];
  for (const { pace } of [first, second]) {
    pace.gather(0);
    pace.look(true);
  }
  expect([first.isPaused(), second.isPaused()]).toEqual([false, true]);
  await clock.advance(10 * LINGER_MS);
  expect(second.pace.isSpent(true)).toBe(false);
  first.pace.gather(0);
  expect([first.isPaused(), second.isPaused()]).toEqual([true, false]);
  expect(second.pace.isSpent(false)).toBe(false);
});

test('whatever happens, few are read at a time, and all in the end', () => {
  const step = fc.record({
    who: fc.nat(4),
    what: fc.constantFrom('gather', 'look', 'read', 'reach') as fc.Arbitrary<string>,
  });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 3 }), (steps, turns_max) => {
      const turns = createTurns(turns_max);
      const all = Array.from({ length: 5 }, () => partition(createManualClock(), turns));
      for (const { handle, pace } of all) {
        handle.end = 10;
        pace.gather(0);
      }
      for (const { who, what } of steps) {
        const { pace } = all[who] as (typeof all)[number];
        if (what === 'look') pace.look(true);
        else if (what === 'gather' || (what === 'reach' && pace.isReached(10))) pace.gather(0);
        else if (what === 'read' && pace.isSpent(true)) pace.read();
        const filling = all.filter((one) => !one.isPaused() && !one.pace.isReading);
        expect(filling.length).toBeLessThanOrEqual(turns_max);
      }
      // Each that is not read yet has its turn when the others have had theirs.
      const unread = new Set(all.filter(({ pace }) => !pace.isReading));
      for (let round = 0; round < all.length && unread.size > 0; round++) {
        for (const one of unread) one.pace.look(true);
        for (const one of unread) {
          if (!one.isPaused() && one.pace.isReached(10)) {
            unread.delete(one);
            one.pace.read();
          }
        }
      }
      expect(unread.size).toBe(0);
    }),
  );
});
