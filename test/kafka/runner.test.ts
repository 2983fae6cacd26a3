import { SpanloomError } from '@spanloom/runtime';
import { Kafka as KafkaJs } from 'kafkajs';
import { BROKERS, freshKafka, freshTopic, numbered, startMember, until, values } from './fixture';

const { kafka } = freshKafka(1);
const producing = kafka.producer({ compression: 'none' });

afterAll(() => kafka.close());

async function fill(topic: string, partition: number, from: number, to: number): Promise<void> {
  await (await producing).send(topic, numbered(partition, from, to));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

test('every partition gets a processor, quiet ones too, and records go to the right one', async () => {
  const topic = await freshTopic(kafka, 3);
  await fill(topic, 1, 0, 100);
  const member = await startMember(kafka, { groupId: topic, topic });
  await until(() => member.all.length === 3 && member.of(1).seen.length === 100);
  expect(values(member.of(1).seen)).toEqual(range(0, 100));
  expect(member.of(1).seen.map((r) => r.offset)).toEqual(range(0, 100));
  expect(member.runner.assigned()).toEqual([0, 1, 2]);
  await until(() => member.of(0).idles.includes(true) && member.of(1).idles.includes(true));
  await fill(topic, 2, 0, 5);
  await until(() => member.of(2).seen.length === 5);
  expect(member.of(2).handle.highWatermark()).toBe(5);
  expect(member.runner.state()[1]).toMatchObject({
    position: 100,
    lag: 0,
    failures: 0,
    paused: [],
  });
  await member.runner.stop();
  expect(member.all.map((r) => r.released)).toEqual(['stop', 'stop', 'stop']);
  expect(member.fatal).toEqual([]);
});

test('reading starts at the position, and goes wherever the processor moves it', async () => {
  const topic = await freshTopic(kafka, 1);
  await fill(topic, 0, 0, 100);
  const member = await startMember(kafka, { groupId: topic, topic }, (made) => {
    made.next = 90;
  });
  await until(() => member.of(0).seen.length === 10);
  const { seen } = member.of(0);
  member.of(0).next = 40;
  await until(() => seen.length === 70);
  member.of(0).next = 98;
  await until(() => seen.length === 72);
  expect(values(seen)).toEqual([...range(90, 100), ...range(40, 100), 98, 99]);
  await member.runner.stop();
});

test('records that retention deleted are skipped, loudly', async () => {
  const topic = await freshTopic(kafka, 1);
  await fill(topic, 0, 0, 50);
  const admin = new KafkaJs({ brokers: [...BROKERS], logLevel: 0 }).admin();
  await admin.connect();
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '30' }] });
  await admin.disconnect();
  let expired = 0;
  const member = await startMember(kafka, {
    groupId: topic,
    topic,
    onExpired: (records) => {
      expired += records;
    },
  });
  await until(() => member.of(0).seen.length === 20);
  expect(values(member.of(0).seen)).toEqual(range(30, 50));
  expect([member.runner.state()[0]?.missedRecords, expired]).toEqual([30, 30]);
  expect(await member.of(0).handle.committed()).toEqual({ offset: null, metadata: '' });
  await member.runner.stop();
  await expect(
    kafka.readRange({ topic, partition: 0, from: 0, to: 50 }, () => undefined),
  ).rejects.toMatchObject({ code: 'state-corrupt', details: { low: 30 } });
});

test('commits carry metadata, and the next owner reads both', async () => {
  const topic = await freshTopic(kafka, 1);
  await fill(topic, 0, 0, 10);
  const first = await startMember(kafka, { groupId: topic, topic }, (made) => {
    made.onRelease = async () => made.handle.commit(made.next, '{"seq":3}');
  });
  await until(() => first.of(0).seen.length === 10);
  await first.runner.stop();
  await fill(topic, 0, 10, 12);
  const second = await startMember(kafka, { groupId: topic, topic });
  await until(() => second.of(0).seen.length === 2);
  expect(values(second.of(0).seen)).toEqual([10, 11]);
  expect(await second.of(0).handle.committed()).toEqual({ offset: 10, metadata: '{"seq":3}' });
  await second.runner.stop();
});

test('a second member takes over half of the partitions, and gives them back; nothing is lost or read twice', async () => {
  const topic = await freshTopic(kafka, 4);
  const options = { groupId: topic, topic };
  const commitAtRelease = (
    made: Parameters<Parameters<typeof startMember>[2] & object>[0],
  ): void => {
    made.onRelease = async (why) => {
      if (why === 'revoked' || why === 'stop') await made.handle.commit(made.next, '');
    };
  };
  let sent = 0;
  const sending = setInterval(() => {
    const from = sent;
    sent += 5;
    for (let p = 0; p < 4; p++) void fill(topic, p, from, from + 5);
  }, 25);
  const first = await startMember(kafka, options, commitAtRelease);
  await until(() => first.all.length === 4 && first.of(3).seen.length > 20);
  const second = await startMember(kafka, options, commitAtRelease);
  await until(() => first.runner.assigned().length === 2 && second.runner.assigned().length === 2);
  await until(() => second.all.every((r) => r.seen.length > 20));
  await second.runner.stop();
  await until(() => first.runner.assigned().length === 4);
  clearInterval(sending);
  // Looked up anew each time: the last processors may come after their partitions were assigned.
  const seenOf = (p: number): number[] =>
    values(
      [...first.all, ...second.all].filter((r) => r.partition === p).flatMap((r) => r.seen),
    ).sort((a, b) => a - b);
  await until(() => [0, 1, 2, 3].every((p) => seenOf(p).length >= sent));
  for (let p = 0; p < 4; p++) expect(seenOf(p)).toEqual(range(0, sent));
  await first.runner.stop();
  expect([...first.fatal, ...second.fatal]).toEqual([]);
});

test('a commit of a generation that is over is refused', async () => {
  const topic = await freshTopic(kafka, 2);
  const options = { groupId: topic, topic };
  const first = await startMember(kafka, options);
  await until(() => first.all.length === 2);
  const old = first.of(0).handle;
  await old.commit(0, 'mine');
  const second = await startMember(kafka, options);
  await until(() => first.runner.assigned().length === 1);
  expect(old.isLost()).toBe(true);
  expect(old.signal.aborted).toBe(true);
  await expect(old.commit(1, 'late')).rejects.toMatchObject({ code: 'state-stale' });
  const committed = await (await kafka.admin()).fetchCommitted(topic, topic);
  expect(committed[0]).toMatchObject({ offset: 0, metadata: 'mine' });
  await first.runner.stop();
  await second.runner.stop();
});

test('a processor that was overtaken is made anew from its state', async () => {
  const topic = await freshTopic(kafka, 1);
  await fill(topic, 0, 0, 10);
  let failed = false;
  const member = await startMember(kafka, { groupId: topic, topic }, (made) => {
    made.onProcess = async () => {
      if (failed) return;
      failed = true;
      await made.handle.commit(4, 'by another');
      throw new SpanloomError('state-stale', 'somebody applied more');
    };
  });
  await until(() => member.all.length === 2 && member.of(0).seen.length === 6);
  expect(member.all[0]?.released).toBe('failed');
  expect(values(member.of(0).seen)).toEqual(range(4, 10));
  await member.runner.stop();
});

test('an error that may pass is tried again with another processor; the other partitions go on', async () => {
  const topic = await freshTopic(kafka, 2);
  await fill(topic, 0, 0, 3);
  await fill(topic, 1, 0, 3);
  let failures = 0;
  const member = await startMember(kafka, { groupId: topic, topic }, (made) => {
    made.onProcess = () => {
      if (made.partition === 1 || ++failures > 3) return;
      throw new SpanloomError('engine-unavailable', 'down', { retriable: true });
    };
  });
  await until(() => member.of(1).seen.length === 3);
  await until(() => member.all.length === 5 && member.of(0).seen.length === 3);
  expect(failures).toBe(4);
  expect(member.runner.state()[0]?.failures).toBe(0);
  expect(member.fatal).toEqual([]);
  await member.runner.stop();
});

test('an error that no retry cures ends the runner, once, and it leaves the group', async () => {
  const topic = await freshTopic(kafka, 2);
  await fill(topic, 0, 0, 3);
  const member = await startMember(kafka, { groupId: topic, topic }, (made) => {
    made.onProcess = () => {
      throw new Error('a bug');
    };
  });
  await until(() => member.fatal.length > 0);
  expect(member.fatal).toEqual([expect.objectContaining({ message: 'a bug' })]);
  expect(member.of(0).released).toBe('failed');
  expect(member.of(1).released).toBe('stop');
  expect(member.runner.assigned()).toEqual([]);
  const next = await startMember(kafka, { groupId: topic, topic });
  await until(() => next.of(0).seen.length === 3);
  await next.runner.stop();
});

test('an error that passes too often is fatal', async () => {
  const topic = await freshTopic(kafka, 1);
  const member = await startMember(kafka, { groupId: topic, topic, failures_max: 2 }, (made) => {
    made.onIdle = () => {
      throw new SpanloomError('engine-unavailable', 'down', { retriable: true });
    };
  });
  await until(() => member.fatal.length > 0);
  expect(member.all).toHaveLength(3);
  await member.runner.stop();
});

test('a paused partition reads nothing, stays idle, and goes on when every reason is gone', async () => {
  const topic = await freshTopic(kafka, 1);
  const member = await startMember(kafka, { groupId: topic, topic });
  await until(() => member.all.length === 1);
  const { handle, seen, idles } = member.of(0);
  handle.pause('redis');
  handle.pause('clickhouse');
  await fill(topic, 0, 0, 10);
  const before = idles.length;
  await until(() => idles.length > before + 5);
  expect(seen).toHaveLength(0);
  expect(idles.slice(before + 1)).not.toContain(true);
  expect(member.runner.state()[0]?.paused).toEqual(['redis', 'clickhouse']);
  handle.resume('redis');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(seen).toHaveLength(0);
  handle.resume('clickhouse');
  await until(() => seen.length === 10);
  await member.runner.stop();
});

test('a parked partition has no processor until it is resumed, and goes on where it was', async () => {
  const topic = await freshTopic(kafka, 2);
  const member = await startMember(kafka, { groupId: topic, topic }, (made) => {
    made.onProcess = () => {
      if (made.partition !== 0 || member.all.length > 2) return;
      made.handle.pause('another first');
      made.handle.park();
    };
    made.onRelease = async (why) => {
      if (why === 'parked') await made.handle.commit(made.next, 'parked');
    };
  });
  await until(() => member.all.length === 2);
  const first = member.of(0);
  await fill(topic, 0, 0, 10);
  await until(() => first.released === 'parked');
  await fill(topic, 0, 10, 30);
  await fill(topic, 1, 0, 5);
  await until(() => member.of(1).seen.length === 5);
  // What waits is seen, although nobody reads it.
  const shown = () => member.runner.state().find(({ partition }) => partition === 0);
  await until(() => shown()?.lag === 30 - first.next);
  expect([shown()?.position, shown()?.paused]).toEqual([first.next, ['another first']]);
  expect(member.all).toHaveLength(2);
  first.handle.resume('another first');
  await until(() => member.of(0) !== first && member.of(0).seen.length === 30 - first.next);
  expect(values([...first.seen, ...member.of(0).seen])).toEqual(range(0, 30));
  expect(await first.handle.committed()).toEqual({ offset: first.next, metadata: 'parked' });
  await member.runner.stop();
  expect([member.of(0).released, member.of(1).released]).toEqual(['stop', 'stop']);
  expect(member.fatal).toEqual([]);
});

test('a partition can be given up while it is parked', async () => {
  const topic = await freshTopic(kafka, 1);
  const member = await startMember(kafka, { groupId: topic, topic }, (made) => {
    made.onProcess = () => {
      made.handle.pause('for ever');
      made.handle.park();
    };
  });
  await fill(topic, 0, 0, 3);
  await until(() => member.of(0)?.released === 'parked');
  await member.runner.stop();
  expect(member.all).toHaveLength(1);
  expect(member.fatal).toEqual([]);
});

test('a slow processor keeps its partition, and does not hold up the others', async () => {
  const topic = await freshTopic(kafka, 2);
  const member = await startMember(kafka, { groupId: topic, topic }, (made) => {
    if (made.partition !== 0) return;
    made.onProcess = () => new Promise((resolve) => setTimeout(resolve, 8_000));
  });
  await until(() => member.all.length === 2);
  await fill(topic, 0, 0, 1);
  await fill(topic, 1, 0, 1);
  await until(() => member.of(1).seen.length === 1);
  expect(member.of(0).seen).toHaveLength(0);
  await until(() => member.of(0).seen.length === 1);
  expect(member.all).toHaveLength(2);
  expect(member.of(0).handle.isLost()).toBe(false);
  await member.of(0).handle.commit(1, '');
  await member.runner.stop();
});

test('stop ends within the drain time-out, even when a processor does not', async () => {
  const topic = await freshTopic(kafka, 1);
  await fill(topic, 0, 0, 1);
  let release: () => void = () => undefined;
  const options = { groupId: topic, topic, drain_timeout_ms: 500 };
  const member = await startMember(kafka, options, (made) => {
    made.onProcess = () =>
      new Promise((resolve) => {
        release = resolve;
      });
  });
  await until(() => member.runner.state()[0]?.highWatermark === 1);
  // The processor is let go only after this: a stop that waited for it would never end.
  await member.runner.stop();
  expect(member.of(0).handle.isLost()).toBe(true);
  await expect(member.of(0).handle.commit(1, '')).rejects.toMatchObject({ code: 'state-stale' });
  release();
});

test('a range is read exactly, without a group', async () => {
  const topic = await freshTopic(kafka, 1);
  await fill(topic, 0, 0, 5_000);
  const seen: number[] = [];
  await kafka.readRange({ topic, partition: 0, from: 1_234, to: 4_321 }, async (records) => {
    seen.push(...values(records));
  });
  expect(seen).toEqual(range(1_234, 4_321));
  await expect(
    kafka.readRange({ topic, partition: 0, from: 0, to: 10 }, () => {
      throw new Error('enough');
    }),
  ).rejects.toThrow('enough');
});
