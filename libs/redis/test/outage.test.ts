import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@spanloom/runtime';
import { createRedis, type Redis, reconnectDelayMs } from '../src';
import { createRedisServer, freePort, type RedisServer } from './redis-server';

const logger = createLogger({ service: 'test', level: 'silent' });
const TIMEOUT_MS = 400;
const AWAY = { code: 'engine-unavailable', retriable: true };

let server: RedisServer;
let redis: Redis;

beforeEach(async () => {
  server = await createRedisServer();
  await server.start();
  redis = createRedis({ redis_url: server.url, redis_timeout_ms: TIMEOUT_MS }, { logger });
  await redis.client.ping();
});

afterEach(async () => {
  await redis.close();
  await server.remove();
});

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

test('a command waits for a short absence and then succeeds', async () => {
  await server.kill();
  const answer = redis.client.ping();
  await server.start();
  expect(await answer).toBe('PONG');
});

test('commands fail within the bound, and at once when Redis has been away longer', async () => {
  await server.kill();
  const first = await elapsed(() => expect(redis.client.get('k')).rejects.toMatchObject(AWAY));
  expect(first).toBeGreaterThanOrEqual(TIMEOUT_MS - 50);
  await sleep(TIMEOUT_MS);
  const later = await elapsed(() => expect(redis.client.get('k')).rejects.toMatchObject(AWAY));
  expect(later).toBeLessThan(TIMEOUT_MS / 4);
});

test('scripts and pipelines fail the same way, and work again when Redis is back, empty', async () => {
  const echo = redis.defineScript('echo', 'return ARGV[1]', 0);
  await echo([], ['known']);
  await server.kill();
  await expect(echo([], ['x'])).rejects.toMatchObject(AWAY);
  await sleep(TIMEOUT_MS);
  const results = await redis.client.pipeline().get('a').get('b').exec();
  expect(results?.map(([error]) => error)).toEqual([
    expect.objectContaining(AWAY),
    expect.objectContaining(AWAY),
  ]);
  await server.start();
  while (redis.client.status !== 'ready') await sleep(20);
  expect(await echo([], ['y'])).toEqual(Buffer.from('y'));
});

test('a Redis that hangs fails commands within the bound', async () => {
  server.signal('SIGSTOP');
  const wait_ms = await elapsed(() => expect(redis.client.get('k')).rejects.toMatchObject(AWAY));
  server.signal('SIGCONT');
  expect(wait_ms).toBeLessThan(TIMEOUT_MS * 3);
});

test('closing does not wait for a Redis that is away', async () => {
  await server.kill();
  expect(await elapsed(() => redis.close())).toBeLessThan(TIMEOUT_MS);
});

test('a Redis that never was there is named without its password', async () => {
  const port = await freePort();
  const url = `redis://user:hunter2@127.0.0.1:${port}/3`;
  const absent = createRedis({ redis_url: url, redis_timeout_ms: TIMEOUT_MS }, { logger });
  const error: unknown = await absent.checkSafe().catch((reason: unknown) => reason);
  await absent.close();
  expect(error).toMatchObject({ ...AWAY, details: { address: `127.0.0.1:${port}/3` } });
  expect(String(error)).not.toContain('hunter2');
});

test('waits between attempts to reconnect grow and are bounded', () => {
  const latest = [1, 2, 3, 10, 1000].map((n) => reconnectDelayMs(n, () => 1));
  expect(latest).toEqual([50, 100, 200, 1000, 1000]);
  expect(reconnectDelayMs(10, () => 0)).toBe(500);
});
