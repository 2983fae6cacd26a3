import { createKafka, topicSpecs } from '@spanloom/kafka';
import { freshKafka, freshTopic, quiet, startMember } from './fixture';

const { kafka, config } = freshKafka(3);

afterAll(async () => {
  const admin = await kafka.admin();
  await admin.deleteTopics(topicSpecs(config).map((spec) => spec.topic));
  await kafka.close();
});

test('several services create the topics at once, and all find them right', async () => {
  const others = [freshKafka(3).kafka, freshKafka(3).kafka];
  const admins = await Promise.all([kafka, ...others].map((k) => k.admin()));
  await Promise.all(admins.map((admin) => admin.ensureTopics(topicSpecs(config))));
  const described = await admins[0]?.describe(kafka.topic('spans'));
  expect(described?.partitions).toBe(3);
  for (const { topic } of topicSpecs(config)) {
    const found = await admins[0]?.describe(topic);
    expect(found?.config['message.timestamp.type']).toBe('LogAppendTime');
  }
  await Promise.all(others.map((other) => other.close()));
});

test('spans get the time at which the broker appended them', async () => {
  const producer = await kafka.producer({ compression: 'none' });
  const before = Date.now();
  await producer.send(kafka.topic('spans'), [{ partition: 1, value: Buffer.from('x') }]);
  const times: number[] = [];
  await kafka.readRange(
    { topic: kafka.topic('spans'), partition: 1, from: 0, to: 1 },
    (records) => {
      times.push(...records.map((r) => r.timestampMs));
    },
  );
  expect(times).toHaveLength(1);
  expect(Math.abs((times[0] ?? 0) - before)).toBeLessThan(5_000);
});

test('a topic with a wrong setting is refused with the cure', async () => {
  const admin = await kafka.admin();
  const topic = await freshTopic(kafka, 3, { 'message.timestamp.type': 'CreateTime' });
  const specs = topicSpecs(config);
  expect(specs).toHaveLength(7);
  for (const spec of specs) {
    const asked = { ...spec, topic, partitions: 3 };
    await expect(admin.ensureTopics([asked])).rejects.toMatchObject({
      code: 'topic-mismatch',
      details: {
        topic,
        setting: 'message.timestamp.type',
        found: 'CreateTime',
        wanted: 'LogAppendTime',
      },
      message: expect.stringMatching(
        /kafka-configs.*--alter.*message\.timestamp\.type=LogAppendTime/,
      ),
    });
  }
  const [spans] = specs;
  if (spans === undefined) throw new Error('no spec');
  await expect(admin.ensureTopics([{ ...spans, topic, partitions: 5 }])).rejects.toMatchObject({
    code: 'topic-mismatch',
    details: { setting: 'partitions', found: '3', wanted: '5' },
  });
  await admin.deleteTopics([topic]);
});

test('a topic that takes only smaller messages is refused, one that takes larger ones is not', async () => {
  const admin = await kafka.admin();
  const [, traces] = topicSpecs(config);
  if (traces === undefined) throw new Error('no spec');
  const small = await freshTopic(kafka, 3, { 'max.message.bytes': '500000' });
  const large = await freshTopic(kafka, 3, { 'max.message.bytes': '5000000' });
  await expect(admin.ensureTopics([{ ...traces, topic: small }])).rejects.toMatchObject({
    details: { setting: 'max.message.bytes', found: '500000' },
  });
  await admin.ensureTopics([{ ...traces, topic: large }]);
  await admin.deleteTopics([small, large]);
});

test('offsets, commits and times can be read from outside', async () => {
  const admin = await kafka.admin();
  const topic = await freshTopic(kafka, 2);
  const group = `${topic}-group`;
  const producer = await kafka.producer({ compression: 'none' });
  await producer.send(topic, [{ partition: 1, value: Buffer.from('a') }]);
  const between = Date.now() + 1;
  await new Promise((resolve) => setTimeout(resolve, 20));
  await producer.send(topic, [{ partition: 1, value: Buffer.from('b') }]);

  expect(await admin.describe(`${topic}-none`)).toBeNull();
  expect(await admin.offsets(topic)).toEqual([
    { partition: 0, low: 0, high: 0 },
    { partition: 1, low: 0, high: 2 },
  ]);
  expect(await admin.offsetForTimestamp(topic, 1, 0)).toBe(0);
  expect(await admin.offsetForTimestamp(topic, 1, between)).toBe(1);
  expect(await admin.offsetForTimestamp(topic, 1, Date.now() + 60_000)).toBeNull();
  expect(await admin.fetchCommitted(group, topic)).toEqual([
    { partition: 0, offset: null, metadata: '' },
    { partition: 1, offset: null, metadata: '' },
  ]);
  await admin.setCommitted(group, topic, [{ partition: 1, offset: 1, metadata: '{"seq":7}' }]);
  expect((await admin.fetchCommitted(group, topic))[1]).toEqual({
    partition: 1,
    offset: 1,
    metadata: '{"seq":7}',
  });
  expect(await admin.groupLag(group, topic)).toEqual([
    { partition: 0, low: 0, high: 0, committed: null, lag: 0 },
    { partition: 1, low: 0, high: 2, committed: 1, lag: 1 },
  ]);
  const member = await startMember(kafka, { groupId: group, topic });
  await expect(
    admin.setCommitted(group, topic, [{ partition: 1, offset: 0 }]),
  ).rejects.toMatchObject({
    code: 'usage',
  });
  await member.runner.stop();
  await admin.deleteGroups([group]);
  await admin.deleteTopics([topic]);
});

test('a topic that was deleted does not get in the way of reading others', async () => {
  const admin = await kafka.admin();
  const [gone, topic] = [await freshTopic(kafka, 1), await freshTopic(kafka, 1)];
  expect(await admin.offsetForTimestamp(gone, 0, 0)).toBeNull();
  await admin.deleteTopics([gone]);
  expect(await admin.offsetForTimestamp(topic, 0, 0)).toBeNull();
  await kafka.readRange({ topic, partition: 0, from: 0, to: 0 }, () => undefined);
  await admin.deleteTopics([topic]);
});

test('a broker that is not there is an error that says so, and may pass', async () => {
  const nowhere = createKafka(
    { ...config, kafka_brokers: ['127.0.0.1:1'] },
    { logger: quiet, clientId: 'nobody' },
  );
  await expect(nowhere.admin()).rejects.toMatchObject({
    code: 'engine-unavailable',
    retriable: true,
  });
  await nowhere.close();
});
