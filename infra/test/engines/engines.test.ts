import { createServer } from 'node:net';
import { createLogger, SpanloomError, systemClock } from '@spanloom/runtime';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { startLocalEngine } from '../../src/engines/local';
import { startTestEngines, type TestEngines } from '../../src/engines/test-engines';

let engines: TestEngines;
const schema = JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] });

beforeAll(async () => {
  engines = await startTestEngines({ engines: ['kafka', 'registry', 'redis'] });
}, 90_000);

afterAll(async () => {
  await engines?.stop();
});

const kafka = (): Kafka =>
  new Kafka({
    brokers: [engines.engine('kafka').url],
    logLevel: logLevel.NOTHING,
    retry: { retries: 5, maxRetryTime: 1_000 },
  });

async function register(subject: string, text = schema): Promise<{ status: number; id?: number }> {
  const response = await fetch(`${engines.engine('registry').url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ schema: text, schemaType: 'AVRO' }),
  });
  const { id } = (await response.json()) as { id?: number };
  return { status: response.status, ...(id === undefined ? {} : { id }) };
}

async function offsets(topic: string) {
  const admin = kafka().admin();
  await admin.connect();
  try {
    return await admin.fetchTopicOffsets(topic);
  } finally {
    await admin.disconnect();
  }
}

test('Kafka keeps records and committed offsets over kill -9, and creates no topic by itself', async () => {
  const admin = kafka().admin();
  await admin.connect();
  // kafkajs gives up waiting for leaders at the first "no such topic"; the producer's own retries do not.
  await admin.createTopics({
    waitForLeaders: false,
    topics: [{ topic: 'kept', numPartitions: 2 }],
  });
  const producer = kafka().producer();
  await producer.connect();
  await producer.send({ topic: 'kept', messages: [{ partition: 1, value: 'x' }] });
  await expect(producer.send({ topic: 'typo', messages: [{ value: 'x' }] })).rejects.toThrow(
    /does not host this topic/,
  );
  await admin.setOffsets({
    groupId: 'g',
    topic: 'kept',
    partitions: [{ partition: 1, offset: '1' }],
  });
  await producer.disconnect();
  await admin.disconnect();

  await engines.kill('kafka');
  await engines.restart('kafka');
  const found = await offsets('kept');
  expect(found.find(({ partition }) => partition === 1)?.offset).toBe('1');
  const again = kafka().admin();
  await again.connect();
  const [committed] = await again.fetchOffsets({ groupId: 'g', topics: ['kept'] });
  await again.disconnect();
  expect(committed?.partitions.find(({ partition }) => partition === 1)?.offset).toBe('1');
}, 90_000);

test('a schema id that was handed out survives kill -9 at once, and is never given to another', async () => {
  const first = await register('kept-value');
  expect(first.id).toBeGreaterThan(0);
  await engines.kill('registry');
  await engines.restart('registry');
  const other = schema.replace('"R"', '"Other"');
  expect((await register('other-value', other)).id).not.toBe(first.id);
  expect((await register('kept-value')).id).toBe(first.id);
}, 60_000);

test('Redis keeps what it acknowledged over kill -9, never evicts, and is bounded', async () => {
  const connect = (): Redis => new Redis(engines.engine('redis').url, { retryStrategy: null });
  const before = connect();
  await before.set('kept', 'yes');
  expect(await before.config('GET', 'maxmemory-policy')).toEqual([
    'maxmemory-policy',
    'noeviction',
  ]);
  const [, bytes] = (await before.config('GET', 'maxmemory')) as [string, string];
  expect(Number(bytes)).toBeGreaterThan(0);
  before.on('error', () => undefined);
  await engines.kill('redis');
  before.disconnect();
  await engines.restart('redis');
  const after = connect();
  expect(await after.get('kept')).toBe('yes');
  after.disconnect();
  await engines.restart('redis', { wipe: true });
  const wiped = connect();
  expect(await wiped.get('kept')).toBeNull();
  wiped.disconnect();
}, 30_000);

test('a port in use is named, with the setting that moves it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const start = startLocalEngine('redis', port, {
    root: engines.root,
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  await expect(start).rejects.toThrow(SpanloomError);
  await expect(start).rejects.toMatchObject({ code: 'port-in-use' });
  await expect(start).rejects.toThrow(new RegExp(`port ${port} .*SPANLOOM_REDIS_PORT`));
  server.close();
});

test('an engine that is not installed is named, with the cure', async () => {
  const cache = process.env.SPANLOOM_CACHE;
  process.env.SPANLOOM_CACHE = `${engines.root}/nothing-here`;
  try {
    const start = () =>
      startLocalEngine('kafka', 1, {
        root: engines.root,
        clock: systemClock,
        logger: createLogger({ service: 'test', level: 'silent' }),
      });
    await expect(start()).rejects.toMatchObject({ code: 'engine-missing' });
    await expect(start()).rejects.toThrow(/npm run setup/);
  } finally {
    if (cache === undefined) delete process.env.SPANLOOM_CACHE;
    else process.env.SPANLOOM_CACHE = cache;
  }
});
