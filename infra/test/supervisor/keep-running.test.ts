import { type Clock, createLogger } from '@spanloom/runtime';
import { keepRunning } from '../../src/supervisor/keep-running';

/** A clock whose sleeps end at once and are written down. */
function instantClock(): { clock: Clock; slept: number[] } {
  const slept: number[] = [];
  let now = 0;
  const clock: Clock = {
    nowMs: () => now,
    monotonicMs: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return { clock, slept };
}

const logger = createLogger({ service: 'test', level: 'silent' });
const process = (ended: Promise<string>) => ({
  identity: { pid: 1, startedAt: 'x' },
  ended,
  stop: async () => undefined,
});

test('what keeps ending is started again ever more rarely, and given up in the end', async () => {
  const { clock, slept } = instantClock();
  let starts = 0;
  const kept = await keepRunning({
    name: 'p',
    start: async () => {
      starts++;
      return process(Promise.resolve('exit code 1'));
    },
    onChange: () => undefined,
    clock,
    logger,
  });
  while (kept.status !== 'given-up') await new Promise((resolve) => setImmediate(resolve));
  expect(starts).toBe(11);
  expect(slept).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000]);
  expect(kept.identity).toBeNull();
  await kept.stop();
});

test('a first start that fails is an error, a later one is tried again', async () => {
  const { clock } = instantClock();
  const fail = async (): Promise<never> => {
    throw new Error('no');
  };
  const base = { name: 'p', onChange: () => undefined, clock, logger };
  await expect(keepRunning({ ...base, start: fail })).rejects.toThrow('no');

  let starts = 0;
  let up = (): void => undefined;
  const again = new Promise<void>((resolve) => {
    up = resolve;
  });
  const kept = await keepRunning({
    ...base,
    start: async () => {
      starts++;
      if (starts === 2) return fail();
      if (starts === 1) return process(Promise.resolve('ended'));
      up();
      return { ...process(new Promise(() => undefined)), stop: async () => undefined };
    },
  });
  await again;
  expect(starts).toBe(3);
  expect(kept.restarts).toBeLessThanOrEqual(1);
});
