import { createTurns } from '@spanloom/kafka';
import { createManualClock } from '@spanloom/runtime';
import { createTurnTaking } from '../src/turn-taking';

const FAR = 8_000_000;

function setUp(turns_max = 2) {
  const clock = createManualClock();
  const taking = createTurnTaking(createTurns(turns_max), { far_bytes: FAR, clock });
  return { clock, partition: () => partition(taking) };
}

/** Stands for a partition: what a handle does, and its turn. */
function partition(taking: ReturnType<typeof createTurnTaking>) {
  const reasons = new Set<string>();
  const ending = new AbortController();
  const handle = {
    pause: (why: string) => void reasons.add(why),
    resume: (why?: string) => void (why === undefined ? reasons.clear() : reasons.delete(why)),
    signal: ending.signal,
  };
  return {
    turn: taking.of(handle),
    /** As the next processor of the partition sees it. */
    again: () => taking.of(handle),
    give: () => ending.abort(),
    isPaused: () => reasons.size > 0,
  };
}

test('those that are up to date are never paused', () => {
  const { partition } = setUp(1);
  const all = [partition(), partition(), partition()];
  for (const { turn } of all) turn.look(FAR - 1, FAR);
  expect(all.map(({ isPaused }) => isPaused())).toEqual([false, false, false]);
});

test('of those that are far behind few are read, until they have nearly caught up', () => {
  const { partition } = setUp();
  const [a, b, c, d] = [partition(), partition(), partition(), partition()];
  for (const { turn } of [a, b, c, d]) turn.look(FAR, 0);
  expect([a, b, c, d].map(({ isPaused }) => isPaused())).toEqual([false, false, true, true]);
  expect([c.turn.isWaiting, c.again().isWaiting]).toEqual([true, true]);
  a.turn.look(FAR / 2, 0); // Less than far, but not caught up: its turn goes on.
  expect(c.isPaused()).toBe(true);
  a.turn.look(FAR / 10, FAR); // Caught up, but the backlog's windows are still open.
  expect(c.isPaused()).toBe(true);
  a.turn.look(FAR / 10, FAR / 4);
  expect([a.isPaused(), c.isPaused(), d.isPaused()]).toEqual([false, false, true]);
});

test('windows of the backlog that do not close hold a turn for a few seconds only', async () => {
  const { clock, partition } = setUp(1);
  const [a, b] = [partition(), partition()];
  for (const { turn } of [a, b]) turn.look(FAR, FAR);
  a.turn.look(0, FAR);
  await clock.advance(4_000);
  a.turn.look(FAR, FAR); // Behind again: what it had of the time does not count.
  a.turn.look(0, FAR);
  await clock.advance(4_000);
  a.turn.look(0, FAR);
  expect([a.isPaused(), b.isPaused()]).toEqual([false, true]);
  await clock.advance(1_000);
  a.turn.look(0, FAR);
  expect([a.isPaused(), b.isPaused()]).toEqual([false, false]);
});

test('a turn ends when it has lasted, and only if somebody waits', async () => {
  const { clock, partition } = setUp(1);
  const [a, b] = [partition(), partition()];
  a.turn.look(FAR, 0);
  await clock.advance(60_000);
  a.turn.look(FAR, 0);
  expect(a.isPaused()).toBe(false);
  b.turn.look(FAR, 0);
  expect(b.isPaused()).toBe(true);
  a.turn.look(FAR, 0);
  expect([a.isPaused(), b.isPaused()]).toEqual([true, false]);
  // The new turn begins when the partition is seen to have it.
  await clock.advance(29_000);
  b.again().look(FAR, 0);
  await clock.advance(29_000);
  b.turn.look(FAR, 0);
  expect([a.isPaused(), b.isPaused()]).toEqual([true, false]);
  await clock.advance(2_000);
  b.turn.look(FAR, 0);
  expect([a.isPaused(), b.isPaused()]).toEqual([false, true]);
});

test('who is given up, waiting or not, is in nobody’s way', () => {
  const { partition } = setUp(1);
  const [a, b, c] = [partition(), partition(), partition()];
  for (const { turn } of [a, b, c]) turn.look(FAR, 0);
  b.give();
  a.give();
  expect([a.isPaused(), b.isPaused(), c.isPaused()]).toEqual([false, false, false]);
  c.turn.end();
  expect(c.again().isWaiting).toBe(false);
});
