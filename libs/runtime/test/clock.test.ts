import { createManualClock, systemClock } from '../src';

test('the system clock sleeps about as long as asked', async () => {
  const start = systemClock.monotonicMs();
  await systemClock.sleep(20);
  expect(systemClock.monotonicMs() - start).toBeGreaterThanOrEqual(19);
});

test.each([
  ['system', systemClock],
  ['manual', createManualClock()],
])('an abort ends a sleep of the %s clock with its reason', async (_, clock) => {
  const abort = new AbortController();
  const reason = new Error('stop');
  const sleeping = clock.sleep(60_000, abort.signal);
  abort.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(clock.sleep(60_000, abort.signal)).rejects.toBe(reason);
});

test('a manual clock wakes sleepers in the order of their deadlines, at their time', async () => {
  const clock = createManualClock(1000);
  const woken: [string, number][] = [];
  const sleeper = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    woken.push([name, clock.nowMs()]);
  };
  const all = [sleeper('late', 30), sleeper('early', 10), sleeper('early too', 10)];
  await clock.advance(9);
  expect(woken).toEqual([]);
  expect(clock.sleepers).toBe(3);
  await clock.advance(100);
  await Promise.all(all);
  expect(woken).toEqual([
    ['early', 1010],
    ['early too', 1010],
    ['late', 1030],
  ]);
  expect(clock.nowMs()).toBe(1109);
});

test('a sleep that starts while the clock moves is woken in the same move', async () => {
  const clock = createManualClock();
  const twice = (async () => {
    await clock.sleep(10);
    await clock.sleep(10);
    return clock.nowMs();
  })();
  await clock.advance(50);
  expect(await twice).toBe(20);
});
