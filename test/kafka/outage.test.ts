import {
  freshKafka,
  freshTopic,
  numbered,
  reset,
  SESSION_TIMEOUT_MS,
  startMember,
  until,
  values,
  watchSockets,
} from './fixture';

const { kafka } = freshKafka(1);

afterAll(() => kafka.close());

test('a member that was frozen past its session notices, and can change nothing', async () => {
  const topic = await freshTopic(kafka, 1);
  const producer = await kafka.producer({ compression: 'none' });
  await producer.send(topic, numbered(0, 0, 5));
  const watched = watchSockets();
  const frozen = await startMember(kafka, { groupId: topic, topic });
  await until(() => frozen.of(0).seen.length === 5);
  watched.stop();
  const mine = frozen.of(0);
  const sockets = [...watched.sockets];
  for (const socket of sockets) socket.pause().cork();

  const other = await startMember(kafka, { groupId: topic, topic }, (made) => {
    made.onProcess = async (records) => {
      await made.handle.commit((records.at(-1)?.offset ?? 0) + 1, 'the new owner');
    };
  });
  await until(
    () => other.all.length === 1 && other.of(0).seen.length === 5,
    SESSION_TIMEOUT_MS * 4,
  );
  expect(mine.handle.isLost()).toBe(true);
  for (const socket of sockets) socket.resume().uncork();
  await expect(mine.handle.commit(2, 'the zombie')).rejects.toMatchObject({ code: 'state-stale' });
  const admin = await kafka.admin();
  expect(await admin.fetchCommitted(topic, topic)).toEqual([
    { partition: 0, offset: 5, metadata: 'the new owner' },
  ]);
  await until(() => mine.released !== null);
  expect(frozen.fatal).toEqual([]);
  await Promise.all([frozen.runner.stop(), other.runner.stop()]);
}, 90_000);

test('connections that break all the time lose nothing and read nothing twice', async () => {
  const topic = await freshTopic(kafka, 2);
  const producer = await kafka.producer({ compression: 'none' });
  const watched = watchSockets();
  const member = await startMember(kafka, { groupId: topic, topic });
  const breaking = setInterval(() => reset(watched.sockets), 700);
  for (let i = 0; i < 40; i++) {
    await producer.send(topic, [...numbered(0, i * 10, i * 10 + 10), ...numbered(1, i, i + 1)]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  clearInterval(breaking);
  const seenOf = (p: number): number[] =>
    values(member.all.filter((r) => r.partition === p).flatMap((r) => r.seen));
  await until(() => member.of(0).next === 400 && member.of(1).next === 40);
  watched.stop();
  expect([...new Set(seenOf(0))]).toEqual(Array.from({ length: 400 }, (_, i) => i));
  expect(member.fatal).toEqual([]);
  await member.runner.stop();
}, 60_000);

test('an idle consumer wakes up now and then, not hundreds of times a second', async () => {
  const topic = await freshTopic(kafka, 2);
  const member = await startMember(kafka, {
    groupId: topic,
    topic,
    idle_interval_ms: 250,
    heartbeat_interval_ms: 1_000,
  });
  await until(() => member.all.length === 2 && member.all.every((r) => r.idles.includes(true)));
  const timers = jest.spyOn(global, 'setTimeout');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const armed = timers.mock.calls.length;
  timers.mockRestore();
  expect(armed / 3).toBeLessThan(60);
  await member.runner.stop();
});
