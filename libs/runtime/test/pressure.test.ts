import { createHealth } from '../src/health';
import { createManualClock } from '../src/manual-clock';
import { createMetrics } from '../src/metrics';
import { createPressure, definePaused, type Pausable } from '../src/pressure';

interface LogLine {
  readonly why: string;
  readonly text: string;
}

function setUp() {
  const clock = createManualClock();
  const health = createHealth(clock);
  health.setReady(true);
  const metrics = createMetrics('test');
  const lines: LogLine[] = [];
  const log = ({ why }: { why: string }, text: string): void => void lines.push({ why, text });
  const logger = { warn: log, info: log } as never;
  const pressure = createPressure({ paused: definePaused(metrics), health, logger, clock });
  const paused = async (why: string): Promise<string | undefined> =>
    (await metrics.expose()).body.split(`spanloom_paused{why="${why}"} `)[1]?.split('\n', 1)[0];
  return { health, lines, pressure, paused };
}

/** Paused for each reason that was given and not taken back, as a partition is. */
function createPart(): Pausable & { readonly reasons: Set<string> } {
  const reasons = new Set<string>();
  return {
    reasons,
    pause: (why) => void reasons.add(why),
    resume: (why) => void reasons.delete(why),
  };
}

test('what waits is said by readiness, metric and log, once, and so is its end', async () => {
  const { health, lines, pressure, paused } = setUp();
  pressure.tell('clickhouse', 'traces/0', 'refused');
  pressure.tell('clickhouse', 'traces/1', 'away');
  pressure.tell('clickhouse', 'traces/1', 'still away');
  expect(health.ready()).toEqual({ ok: false, why: 'clickhouse: refused (and 1 more)' });
  expect(await paused('clickhouse')).toBe('1');
  pressure.tell('clickhouse', 'traces/0', null);
  expect(health.ready()).toEqual({ ok: false, why: 'clickhouse: still away' });
  pressure.tell('clickhouse', 'traces/1', null);
  pressure.tell('clickhouse', 'traces/1', null);
  expect(health.ready()).toEqual({ ok: true });
  expect(await paused('clickhouse')).toBe('0');
  expect(lines).toEqual([
    { why: 'clickhouse', text: 'paused: refused' },
    { why: 'clickhouse', text: 'resumed' },
  ]);
});

test('a hold pauses every part, those that come later too, until the last reason is gone', () => {
  const { pressure } = setUp();
  const [early, late, gone] = [createPart(), createPart(), createPart()];
  pressure.attach(early);
  pressure.attach(gone).detach();
  pressure.hold('redis-memory', 'full');
  pressure.hold('kafka-write', 'slow');
  pressure.attach(late);
  expect([...late.reasons].sort()).toEqual(['kafka-write', 'redis-memory']);
  pressure.hold('redis-memory', null);
  expect([early.reasons.size, late.reasons.size, gone.reasons.size]).toEqual([1, 1, 0]);
  expect(pressure.isHeld).toBe(true);
  pressure.hold('kafka-write', null);
  expect([early.reasons.size, late.reasons.size, pressure.isHeld]).toEqual([0, 0, false]);
});

test('what is eased goes on for one piece of work, and only for that reason', async () => {
  const { health, pressure, paused } = setUp();
  const part = createPart();
  const attached = pressure.attach(part);
  attached.pauseAgain();
  expect(part.reasons.size).toBe(0);
  pressure.hold('redis-memory', 'full');
  pressure.ease('redis-memory');
  expect(part.reasons.size).toBe(0);
  expect([health.ready().ok, await paused('redis-memory')]).toEqual([false, '1']);
  attached.pauseAgain();
  expect([...part.reasons]).toEqual(['redis-memory']);
  pressure.hold('redis-away', 'gone');
  pressure.ease('redis-memory');
  expect([...part.reasons]).toEqual(['redis-away']);
});

test('what is held again does not take back what was eased', () => {
  const { health, pressure } = setUp();
  const part = createPart();
  const attached = pressure.attach(part);
  pressure.hold('redis-memory', 'full');
  pressure.ease('redis-memory');
  pressure.hold('redis-memory', 'fuller');
  expect([part.reasons.size, health.ready().why]).toEqual([0, 'redis-memory: fuller']);
  attached.pauseAgain();
  expect([...part.reasons]).toEqual(['redis-memory']);
});
