import { createHealth, createManualClock } from '../src';

test('a new process is alive but not ready', () => {
  const health = createHealth(createManualClock());
  expect(health.alive()).toEqual({ ok: true });
  expect(health.ready()).toEqual({ ok: false, why: 'starting' });
  expect(health.readyWasSet).toBe(false);
});

test('a loop that stopped turning is not alive, and is again when it turns', async () => {
  const clock = createManualClock();
  const health = createHealth(clock, { beat_ms_max: 100 });
  health.beat();
  await clock.advance(100);
  expect(health.alive().ok).toBe(true);
  await clock.advance(1);
  expect(health.alive()).toEqual({ ok: false, why: 'the loop has not turned for 101 ms' });
  health.beat();
  expect(health.alive().ok).toBe(true);
});

test('problems make it unready until all are gone', () => {
  const health = createHealth(createManualClock());
  health.setReady(true);
  health.setProblem('redis', 'away');
  health.setProblem('kafka', 'no partitions');
  expect(health.ready()).toEqual({ ok: false, why: 'redis: away; kafka: no partitions' });
  expect(health.alive().ok).toBe(true);
  health.setProblem('redis', null);
  expect(health.ready().ok).toBe(false);
  health.setProblem('kafka', null);
  expect(health.ready()).toEqual({ ok: true });
  health.setReady(false, 'stopping');
  expect(health.ready()).toEqual({ ok: false, why: 'stopping' });
});
