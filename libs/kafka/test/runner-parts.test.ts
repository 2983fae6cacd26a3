import { withDefaults } from '../src/runner-options';
import { topicSpecs } from '../src/topics';
import { createWakeup } from '../src/wakeup';

const given = {
  groupId: 'g',
  topic: 't',
  createProcessor: () => Promise.reject(new Error('not asked')),
  onFatal: () => undefined,
};

test('options that are left out get their defaults, given or not as undefined', () => {
  const options = withDefaults({ ...given, idle_interval_ms: undefined, failures_max: 3 });
  expect(options.idle_interval_ms).toBe(250);
  expect(options.failures_max).toBe(3);
});

test('times that can not work are refused', () => {
  expect(() =>
    withDefaults({ ...given, session_timeout_ms: 5_000, heartbeat_interval_ms: 3_000 }),
  ).toThrow(/half/);
  expect(withDefaults({ ...given, session_timeout_ms: 3_000 }).heartbeat_interval_ms).toBe(1_000);
  expect(() => withDefaults({ ...given, drain_timeout_ms: 60_000 })).toThrow(
    /rebalance_timeout_ms/,
  );
});

test('a wake-up before the wait counts once', async () => {
  const wakeup = createWakeup();
  wakeup.wake();
  wakeup.wake();
  const started = Date.now();
  await wakeup.wait(5_000);
  expect(Date.now() - started).toBeLessThan(1_000);
  await wakeup.wait(20);
  expect(Date.now() - started).toBeGreaterThanOrEqual(15);
});

test('the topics carry the prefix, and are stamped by the broker', () => {
  const specs = topicSpecs({ topic_prefix: 'x.', partitions: 3, replication_factor: 2 });
  expect(specs.map((s) => [s.topic, s.partitions])).toEqual([
    ['x.spans', 3],
    ['x.traces', 3],
    ['x.latency', 3],
    ['x.figures', 3],
    ['x.self-times', 1],
    ['x.anomalies', 1],
    ['x.dead-letters', 3],
  ]);
  for (const { config, required } of specs) {
    expect(config['message.timestamp.type']).toBe('LogAppendTime');
    expect(required['message.timestamp.type']).toBe('equal');
  }
});
