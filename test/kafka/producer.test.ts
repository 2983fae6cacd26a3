import zlib from 'node:zlib';
import type { Compression, KafkaRecord } from '@spanloom/kafka';
import { freshKafka, freshTopic, numbered, reset, values, watchSockets } from './fixture';

const { kafka } = freshKafka(1);

afterAll(() => kafka.close());

async function readAll(topic: string, partition: number, to: number): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = [];
  await kafka.readRange({ topic, partition, from: 0, to }, (some) => {
    records.push(...some);
  });
  return records;
}

async function highOf(topic: string, partition: number): Promise<number> {
  return (await (await kafka.admin()).offsets(topic))[partition]?.high ?? -1;
}

const zstd = 'zstdCompress' in zlib;
const codecs: Compression[] = [
  'none',
  'gzip',
  'snappy',
  'lz4',
  ...(zstd ? (['zstd'] as const) : []),
];

test.each(codecs)('%s: what is sent comes back, key, headers and all', async (compression) => {
  const topic = await freshTopic(kafka, 1);
  const producer = await kafka.producer({ compression });
  const value = Buffer.from(JSON.stringify(Array.from({ length: 20_000 }, (_, i) => i % 100)));
  const headers = { schema: Buffer.from([1, 2]), 'x-ü': Buffer.alloc(0) };
  await producer.send(topic, [
    { partition: 0, key: Buffer.from('k'), value, headers },
    { partition: 0, value: null },
  ]);
  const [first, second] = await readAll(topic, 0, 2);
  expect(first?.key?.toString()).toBe('k');
  expect(first?.value?.equals(value)).toBe(true);
  expect(first?.headers).toEqual(headers);
  expect(second).toMatchObject({ offset: 1, key: null, value: null, headers: {} });
  await producer.close();
});

test('zstd on a Node without it is a matter of configuration', async () => {
  const made = kafka.producer({ compression: 'zstd' });
  if (zstd) await (await made).close();
  else await expect(made).rejects.toMatchObject({ code: 'config-invalid' });
});

test('a large send is split under the limit of a record batch', async () => {
  const topic = await freshTopic(kafka, 2, { 'max.message.bytes': '1048588' });
  const producer = await kafka.producer({ compression: 'none' });
  const value = Buffer.alloc(90_000, 1);
  const records = Array.from({ length: 60 }, (_, i) => ({ partition: i % 2, value }));
  await producer.send(topic, records);
  expect(await highOf(topic, 0)).toBe(30);
  expect(await highOf(topic, 1)).toBe(30);
  await producer.close();
});

test('one record that is too large, and a topic that is not there, are refused for good', async () => {
  const topic = await freshTopic(kafka, 1);
  const producer = await kafka.producer({ compression: 'none', deliveryTimeoutMs: 500 });
  const record = { partition: 0, value: Buffer.alloc(1_000_001) };
  await expect(producer.send(topic, [record])).rejects.toMatchObject({ code: 'kafka-fatal' });
  expect(await highOf(topic, 0)).toBe(0);
  await expect(
    producer.send(`${topic}-none`, [{ partition: 0, value: null }]),
  ).rejects.toMatchObject({ name: 'SpanloomError' });
  await producer.close();
});

test('in order: sends that are not waited for arrive in the order they were made, each once, while connections break', async () => {
  const topic = await freshTopic(kafka, 2);
  const watched = watchSockets();
  const producer = await kafka.producer({ compression: 'lz4', inOrder: true });
  const breaking = setInterval(() => reset(watched.sockets), 150);
  const sends: Promise<unknown>[] = [];
  for (let i = 0; i < 300; i++) {
    sends.push(producer.send(topic, [...numbered(0, i * 2, i * 2 + 2), ...numbered(1, i, i + 1)]));
    if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(sends);
  clearInterval(breaking);
  watched.stop();
  const high = await highOf(topic, 0);
  expect(values(await readAll(topic, 0, high))).toEqual(Array.from({ length: 600 }, (_, i) => i));
  expect(await highOf(topic, 1)).toBe(300);
  await producer.close();
});

test('in order: a send that fails for good takes those that wait behind it along', async () => {
  const topic = await freshTopic(kafka, 1);
  const producer = await kafka.producer({
    compression: 'none',
    inOrder: true,
    deliveryTimeoutMs: 300,
  });
  await producer.send(topic, numbered(0, 0, 1));
  const outcomes = await Promise.allSettled([
    producer.send(`${topic}-none`, numbered(0, 0, 1)),
    producer.send(topic, numbered(0, 1, 2)),
  ]);
  expect(outcomes.map((o) => o.status)).toEqual(['rejected', 'rejected']);
  await producer.send(topic, numbered(0, 2, 3));
  expect(values(await readAll(topic, 0, 2))).toEqual([0, 2]);
  await producer.close();
});

test('sends that wait together go out together', async () => {
  const topic = await freshTopic(kafka, 1);
  const producer = await kafka.producer({ compression: 'none', inOrder: true });
  const started = Date.now();
  await Promise.all(
    Array.from({ length: 2_000 }, (_, i) => producer.send(topic, numbered(0, i, i + 1))),
  );
  expect(values(await readAll(topic, 0, 2_000))).toEqual(
    Array.from({ length: 2_000 }, (_, i) => i),
  );
  expect(Date.now() - started).toBeLessThan(10_000);
  await producer.close();
});
