import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestEngines, type TestEngines } from '@spanloom/infra';
import type { Span } from '@spanloom/model';
import { createRedis, type Redis } from '@spanloom/redis';
import { createLogger } from '@spanloom/runtime';
import { until, type WatchedProcess, watchProcess } from '../process/watched-process';
import { expectLatency } from './latency-messages';
import { type AssemblyLine, createAssemblyLine } from './running-assembler';
import { settled } from './settled';
import { makeSpan } from './spans';

const PARTITIONS = 2;
const MIB = 1024 * 1024;
const FLUSH_S = 2;
const TELL = { SPANLOOM_LOG_LEVEL: 'info', SPANLOOM_REDIS_TIMEOUT_MS: '1500' };

/** A span that is as large as is wanted. */
function span(trace: number, id: number, bytes: number): Span {
  return { ...makeSpan(trace, id, false), attributes: { filler: 'x'.repeat(bytes) } };
}

let next = 1;

/** Sends `mib` of spans of as many open traces, in messages of a quarter MiB. */
async function fill(line: AssemblyLine, mib: number): Promise<void> {
  for (let i = 0; i < mib * 4; i++) {
    const spans = Array.from({ length: 16 }, (_, n) => span(next++, n, 16_384));
    await line.send(i % PARTITIONS, line.batch(spans));
  }
}

/** Keeps a little going for `seconds`. */
async function trickle(line: AssemblyLine, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (let n = 0; Date.now() < end; n++) {
    await line.send(n % PARTITIONS, line.batch([span(next + (n % 7), n, 200)]));
    await sleep(50);
  }
  next += 7;
}

describe('the assembler waits for engines that are full or away, says so, and goes on by itself', () => {
  let engines: TestEngines;
  let redis: Redis;
  let line: AssemblyLine;
  let child: ChildProcess;
  let worker: WatchedProcess;

  beforeAll(async () => {
    engines = await startTestEngines({ engines: ['kafka', 'registry', 'redis'] });
    const logger = createLogger({ service: 'test', level: 'silent' });
    redis = createRedis({ redis_url: engines.env.REDIS_URL as string }, { logger });
  }, 120_000);
  afterAll(async () => {
    await redis.close();
    await engines.stop();
  }, 60_000);
  afterEach(async () => {
    await redis.client.config('SET', 'maxmemory', '0');
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    await line.stop();
  });

  async function setUp(prefix: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    line = await createAssemblyLine(engines.env, prefix, PARTITIONS);
    await begin(more);
  }

  async function begin(more: Readonly<Record<string, string>>): Promise<void> {
    child = line.start({ ...TELL, ...more });
    worker = watchProcess(child);
    await until('ready', async () => (await worker.readiness())?.ok === true);
  }

  /** A latency worker on the same log. */
  async function beginLatency(): Promise<WatchedProcess> {
    const more = { SPANLOOM_FLUSH_S: String(FLUSH_S) };
    const latency = watchProcess(line.start({ ...TELL, ...more }, 'latency'));
    await until('ready', async () => (await latency.readiness())?.ok === true);
    return latency;
  }

  const waitsFor = (why: string, of = worker): Promise<void> =>
    until(`paused because of ${why}`, async () => {
      const ready = await of.readiness();
      return ready?.ok === false && ready.why?.includes(`${why}: `) === true;
    });
  const goesOn = (of = worker): Promise<void> =>
    until('ready again', async () => (await of.readiness())?.ok === true, 100_000);

  /** Metric and log agree with what readiness said, before and after. */
  async function expectTold(why: string, value: 0 | 1, of = worker): Promise<void> {
    expect(await of.metric(`spanloom_paused{why="${why}"}`)).toBe(value);
    const told = of.lines.filter((l) => l.why === why).map((l) => l.message.split(':', 1)[0]);
    expect(told.at(-1)).toBe(value === 1 ? 'paused' : 'resumed');
  }

  async function expectExact(): Promise<void> {
    await settled(line, 60_000);
    expect(line.gaps).toEqual([]);
    expect(await worker.isAlive()).toBe(true);
    expect((await line.expected()).flat().length).toBeGreaterThan(10);
  }

  async function limitRedis(more_mib: number): Promise<void> {
    const { used_bytes } = await redis.memory();
    await redis.client.config('SET', 'maxmemory', String(Math.round(used_bytes + more_mib * MIB)));
  }

  test('Redis near its limit: reading pauses, and goes on when there is room', async () => {
    await setUp('near-limit-');
    await limitRedis(8);
    const filling = fill(line, 24);
    await waitsFor('redis-memory');
    await expectTold('redis-memory', 1);
    await filling;
    await sleep(2500);
    expect((await worker.readiness())?.why).toMatch(/raise (its )?maxmemory/);
    // Now and then a batch is let through: what waits comes and goes.
    await until('records that wait', async () => {
      await fill(line, 1);
      return ((await worker.metric('spanloom_assembler_lag_records{partition="0"}')) ?? 0) > 0;
    });
    await limitRedis(200);
    await goesOn();
    await expectTold('redis-memory', 0);
    await expectExact();
  }, 120_000);

  test('a burst above the limit passes by itself, since windows close by the log', async () => {
    await setUp('burst-');
    await limitRedis(4);
    await fill(line, 6);
    await waitsFor('redis-memory');
    // A batch now and then is all that is read until the windows of the burst have closed.
    await goesOn();
    await expectExact();
  }, 200_000);

  test('a Redis that refuses writes is waited for in the same process', async () => {
    await setUp('refused-', { SPANLOOM_REDIS_USED_PERCENT_MAX: '100' });
    await limitRedis(-0.1);
    await trickle(line, 2);
    await waitsFor('redis-memory');
    await until('a refused checkpoint', async () => {
      const failed = await worker.metric('spanloom_assembler_checkpoints_total{outcome="failed"}');
      return failed !== null && failed > 0;
    });
    await trickle(line, 2);
    await limitRedis(200);
    await goesOn();
    await trickle(line, 1);
    expect(worker.lines.filter((l) => l.message.includes('processor failed'))).toEqual([]);
    // What was refused, what came meanwhile and what came after are in Redis, and add up.
    child.kill('SIGKILL');
    await once(child, 'exit');
    await begin({});
    await until('partitions opened from Redis', async () => {
      const opened = 'spanloom_assembler_partition_openings_total{source="redis"}';
      return (await worker.metric(opened)) === PARTITIONS;
    });
    await expectExact();
  }, 120_000);

  test('Redis down, and back: the same process goes on', async () => {
    await setUp('redis-down-');
    await trickle(line, 2);
    await engines.kill('redis');
    await trickle(line, 5);
    await waitsFor('redis-away');
    await expectTold('redis-away', 1);
    await engines.restart('redis');
    await goesOn();
    await expectTold('redis-away', 0);
    await trickle(line, 1);
    await expectExact();
  }, 120_000);

  test('Kafka stopped, and going on: the same process goes on', async () => {
    await setUp('kafka-stopped-');
    const latency = await beginLatency();
    await trickle(line, 2);
    const { pid } = engines.engine('kafka').identity;
    process.kill(pid, 'SIGSTOP');
    try {
      await waitsFor('kafka-read');
      await expectTold('kafka-read', 1);
      await waitsFor('kafka-read', latency);
      await sleep(3000);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await goesOn();
    await goesOn(latency);
    await expectTold('kafka-read', 0, latency);
    await trickle(line, 1);
    await expectExact();
    await expectLatency(line, PARTITIONS, FLUSH_S);
    expect(await latency.isAlive()).toBe(true);
  }, 120_000);

  test('a Redis that may evict is refused at start, with the cure', async () => {
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    line = await createAssemblyLine(engines.env, 'unsafe-', PARTITIONS);
    child = line.start(TELL);
    worker = watchProcess(child);
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(JSON.stringify(worker.lines)).toContain(
      'CONFIG SET maxmemory-policy noeviction, and in redis.conf',
    );
  }, 60_000);

  test('a Redis that becomes one that may evict is not written to', async () => {
    await setUp('made-unsafe-');
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await waitsFor('redis-unsafe');
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    await goesOn();
  }, 60_000);

  test('Kafka killed, and started again: the same process goes on', async () => {
    await setUp('kafka-killed-');
    const latency = await beginLatency();
    await trickle(line, 2);
    await engines.kill('kafka');
    await waitsFor('kafka-read');
    await waitsFor('kafka-read', latency);
    await sleep(2000);
    await engines.restart('kafka');
    await goesOn();
    await goesOn(latency);
    await trickle(line, 1);
    await expectExact();
    await expectLatency(line, PARTITIONS, FLUSH_S);
    expect(await latency.isAlive()).toBe(true);
  }, 180_000);
});
