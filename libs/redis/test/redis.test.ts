import { createLogger } from '@spanloom/runtime';
import { createRedis, type Redis } from '../src';
import { createRedisServer, type RedisServer } from './redis-server';

const logger = createLogger({ service: 'test', level: 'silent' });
let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await createRedisServer();
  await server.start();
  redis = createRedis({ redis_url: server.url }, { logger });
});

afterAll(async () => {
  await redis.close();
  await server.remove();
});

beforeEach(() => redis.client.flushall());

test('bytes come back as they were, also from a script', async () => {
  const bytes = Buffer.from([0, 255, 13, 10, 128, 36]);
  const append = redis.defineScript(
    'append',
    "redis.call('APPEND', KEYS[1], ARGV[1]) return {redis.call('GET', KEYS[1]), 7}",
    1,
  );
  expect(await append([Buffer.from('k')], [bytes])).toEqual([bytes, 7]);
  expect(await append(['k'], [bytes])).toEqual([Buffer.concat([bytes, bytes]), 7]);
  expect(await redis.client.getBuffer('k')).toEqual(Buffer.concat([bytes, bytes]));
});

test('a script is sent again whole when Redis has forgotten it', async () => {
  const echo = redis.defineScript('echo', 'return ARGV[1]', 0);
  expect(await echo([], ['a'])).toEqual(Buffer.from('a'));
  await redis.client.script('FLUSH');
  expect(await echo([], [Buffer.from('b')])).toEqual(Buffer.from('b'));
});

test('a call with thousands of arguments passes', async () => {
  const count = redis.defineScript('count', 'return #ARGV', 1);
  const args = Array.from({ length: 20_000 }, (_, n) => n);
  expect(await count(['k'], args)).toBe(20_000);
});

test('large arguments arrive as they are, among small ones, and other commands keep their turn', async () => {
  const echo = redis.defineScript('echo-all', 'return ARGV', 'any');
  const large = [64 * 1024, 64 * 1024 - 1, 3_000_000].map((bytes, i) =>
    Buffer.alloc(bytes, `${i}\r\n$5\r\n\u00e9`),
  );
  const [a, b, c] = large as [Buffer, Buffer, Buffer];
  const args = [a, '', 'é', Buffer.alloc(0), b, 42, c];
  const asSent = args.map((arg) => (Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg))));
  await redis.client.set('k', 'before');
  const [first, got, second] = await Promise.all([
    echo([], args),
    redis.client.get('k'),
    echo(['k'], [c, a]),
  ]);
  expect((first as Buffer[]).map((bytes, i) => bytes.equals(asSent[i] as Buffer))).toEqual(
    args.map(() => true),
  );
  expect(got).toBe('before');
  expect((second as Buffer[]).map((bytes) => bytes.length)).toEqual([c.length, a.length]);
});

test('a script that fails names itself', async () => {
  const broken = redis.defineScript('broken', "return redis.call('INCR', KEYS[1])", 1);
  await redis.client.set('k', 'no number');
  await expect(broken(['k'], [])).rejects.toMatchObject({
    code: 'internal',
    retriable: false,
    message: expect.stringContaining('script broken failed'),
    details: { script: 'broken' },
  });
});

test('a script called with the wrong number of keys is refused before it is sent', async () => {
  const one = redis.defineScript('one', 'return 1', 1);
  await expect(one([], [])).rejects.toMatchObject({ code: 'internal' });
});

test('errors of the caller keep the form that Redis gave them', async () => {
  await redis.client.set('k', 'text');
  await expect(redis.client.lpush('k', 'x')).rejects.toMatchObject({ name: 'ReplyError' });
});

test('a Redis that may evict is refused, one that may not is accepted', async () => {
  await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await expect(redis.checkSafe()).rejects.toMatchObject({
    code: 'redis-unsafe',
    message: expect.stringContaining('allkeys-lru'),
  });
  await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
  await expect(redis.checkSafe()).resolves.toBeUndefined();
});

test('memory shows what is used and the limit, and a full Redis is a retriable error', async () => {
  expect((await redis.memory()).max_bytes).toBe(0);
  await redis.client.config('SET', 'maxmemory', '1mb');
  try {
    const memory = await redis.memory();
    expect(memory.max_bytes).toBe(1024 * 1024);
    expect(memory.used_bytes).toBeGreaterThan(0);
    const write = async (): Promise<void> => {
      for (let n = 0; n < 64; n++) await redis.client.set(`k${n}`, Buffer.alloc(64 * 1024));
    };
    await expect(write()).rejects.toMatchObject({
      code: 'engine-unavailable',
      retriable: true,
      message: expect.stringContaining('is full'),
    });
  } finally {
    await redis.client.config('SET', 'maxmemory', '0');
  }
});
