import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SCHEMAS } from '@spanloom/avro';
import { startTestEngines, type TestEngines } from '@spanloom/infra';
import type { Span } from '@spanloom/model';
import { createRedis } from '@spanloom/redis';
import { createLogger } from '@spanloom/runtime';
import { Kafka as KafkaJs, Partitioners } from 'kafkajs';
import { until, type WatchedProcess, watchProcess } from '../process/watched-process';
import { type AssemblyLine, createAssemblyLine } from './running-assembler';
import { settled } from './settled';
import { makeSpan } from './spans';

const PARTITIONS = 4;

/** Interleaved traces for `seconds`, a few spans at a time, some repeated, some endless, some large. */
async function load(line: AssemblyLine, seconds: number): Promise<number> {
  const until = Date.now() + seconds * 1000;
  let sent = 0;
  for (let turn = 0; Date.now() < until; turn++) {
    const spans: Span[] = [];
    for (let i = 0; i < 20; i++) {
      const trace = turn + (i % 5);
      spans.push(makeSpan(trace, i, i === 0 && trace % 3 !== 0));
      if (i % 7 === 0) spans.push(makeSpan(trace, i, false));
    }
    spans.push(makeSpan(1_000_000 + (turn % PARTITIONS), turn, false));
    const own = turn % PARTITIONS;
    await line.send(own, line.batch(spans.filter((_, i) => i % 2 === 0)));
    await line.send(own, line.batch(spans.filter((_, i) => i % 2 === 1)));
    sent += spans.length;
    await sleep(20);
  }
  return sent;
}

/** Some MB in each partition, as fast as they can be written. */
async function backlog(line: AssemblyLine): Promise<void> {
  for (let turn = 0; turn < 800; turn++) {
    const spans = Array.from({ length: 80 }, (_, i) => makeSpan(turn + i, i, i % 10 === 0));
    await line.send(turn % PARTITIONS, line.batch(spans));
  }
}

describe('the assembler gives what the reducer says, whatever dies', () => {
  let engines: TestEngines;
  beforeAll(async () => {
    engines = await startTestEngines({ engines: ['kafka', 'registry', 'redis'] });
  }, 120_000);
  afterAll(() => engines.stop(), 60_000);

  test('kill -9, further copies, FLUSHALL', async () => {
    const line = await createAssemblyLine(engines.env, 'exact-', PARTITIONS);
    const logger = createLogger({ service: 'test', level: 'silent' });
    const redis = createRedis({ redis_url: engines.env.REDIS_URL as string }, { logger });
    try {
      const first = line.start();
      await load(line, 4);
      line.start();
      await load(line, 4);
      first.kill('SIGKILL');
      await once(first, 'exit');
      await load(line, 2);
      await redis.client.flushall();
      await load(line, 2);
      line.start();
      await load(line, 2);
      await settled(line, 90_000);
      expect(line.gaps).toEqual([]);
      const entries = (await line.expected()).flat();
      expect(entries.length).toBeGreaterThan(200);
    } finally {
      await redis.close();
      await line.stop();
    }
  }, 180_000);

  test('a backlog whose partitions take turns, and kill -9 within', async () => {
    const line = await createAssemblyLine(engines.env, 'turns-', PARTITIONS);
    try {
      await backlog(line);
      // 16 KiB are far behind then, and the first fetches leave more than that of each partition.
      const turns = {
        SPANLOOM_CHECKPOINT_BYTES_MAX: '65536',
        SPANLOOM_BEHIND_PARTITIONS_MAX: '1',
        SPANLOOM_LOG_LEVEL: 'info',
      };
      const first = line.start(turns);
      const lines = watchProcess(first).lines;
      const opened = () => lines.filter(({ message }) => message === 'partition opened').length;
      await until('a partition had its turn', async () => opened() > PARTITIONS);
      first.kill('SIGKILL');
      await once(first, 'exit');
      line.start(turns);
      await backlog(line);
      await settled(line, 90_000);
      expect(line.gaps).toEqual([]);
    } finally {
      await line.stop();
    }
  }, 180_000);

  test('what cannot be read goes to dead letters, and the partition moves on', async () => {
    const line = await createAssemblyLine(engines.env, 'poison-', 1);
    const foreign = new KafkaJs({ brokers: [engines.env.KAFKA_BROKERS as string] }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    try {
      // A topic that is missing is made at the start.
      await (await line.kafka.admin()).deleteTopics([line.kafka.topic('dead-letters')]);
      line.start();
      const good = line.batch([makeSpan(1, 1, true), makeSpan(1, 2, false)]);
      const unknownSchema = Buffer.from(good);
      unknownSchema.writeUInt32BE(999_999, 1);
      await line.send(0, good);
      await line.send(0, unknownSchema);
      await line.send(0, good.subarray(0, 40));
      await line.send(0, Buffer.from('no avro at all'));
      await line.send(
        0,
        line.batch([{ ...makeSpan(2, 1, true), service: '' }, makeSpan(2, 2, true)]),
      );
      // With its whole key the letter would not fit into a message of ours.
      await foreign.connect();
      const key = Buffer.alloc(400_000, 'k');
      const large = { partition: 0, key, value: Buffer.alloc(620_000, 'v') };
      await foreign.send({ topic: line.kafka.topic('spans'), messages: [large] });
      await line.send(0, line.batch([makeSpan(3, 1, true)]));
      const until = Date.now() + 40_000;
      let fragments: string[] = [];
      while (Date.now() < until && fragments.length < 3) {
        await sleep(500);
        fragments = ((await line.accepted())[0] ?? []).filter((hex) => hex.startsWith('00'));
      }
      expect(fragments).toHaveLength(3);
      const letters = await line.deadLetters();
      expect(
        letters.map(({ topic, partition, offset, index, reason }) => [
          `${topic}/${partition}@${offset}#${index}`,
          reason,
        ]),
      ).toEqual([
        ['poison-spans/0@1#-1', 'schema-unknown'],
        ['poison-spans/0@2#-1', 'malformed'],
        ['poison-spans/0@3#-1', 'not-avro'],
        ['poison-spans/0@4#0', 'service-empty'],
        ['poison-spans/0@5#-1', 'not-avro'],
      ]);
      expect(letters[4]?.raw).toHaveLength(620_000);
      expect(letters[4]?.key).toEqual(key.subarray(0, 8_192));
      expect(letters[0]?.raw).toEqual(unknownSchema);
      expect(letters[1]?.raw).toEqual(good.subarray(0, 40));
      expect(letters[2]?.raw.toString()).toBe('no avro at all');
      expect(line.gaps).toEqual([]);
    } finally {
      await foreign.disconnect();
      await line.stop();
    }
  }, 90_000);

  test('a message whose schema is registered only later stays a dead letter, also where Redis is lost', async () => {
    const line = await createAssemblyLine(engines.env, 'later-', 1);
    const logger = createLogger({ service: 'test', level: 'silent' });
    const redis = createRedis({ redis_url: engines.env.REDIS_URL as string }, { logger });
    /** The canonical layout under an id of its own, which registries give out one by one. */
    const register = (doc: string): Promise<number> =>
      line.kafka.registry().register(`later-${doc}`, { ...SCHEMAS.spanBatch, doc } as object);
    try {
      const first = line.start({ SPANLOOM_LOG_LEVEL: 'info' });
      const opened = (of: WatchedProcess): Promise<void> =>
        until('opened', async () => of.lines.some(({ message }) => message === 'partition opened'));
      await opened(watchProcess(first));
      const laterId = (await register('now')) + 1;
      const late = line.batch([makeSpan(1, 50, false), makeSpan(2, 51, true)]);
      late.writeUInt32BE(laterId, 1);
      let id = 0;
      /** Keeps the window of trace 1 open. */
      const goOn = async (seconds: number): Promise<void> => {
        for (let n = 0; n < seconds * 4; n++, id++) {
          await line.send(0, line.batch([makeSpan(1, id, false)]));
          await sleep(250);
        }
      };
      await goOn(1);
      await line.send(0, late);
      while ((await line.deadLetters()).length === 0) await goOn(1);
      expect(await register('later')).toBe(laterId);
      await goOn(1);
      first.kill('SIGKILL');
      await once(first, 'exit');
      await redis.client.flushall();
      const second = watchProcess(line.start({ SPANLOOM_LOG_LEVEL: 'info' }));
      await opened(second);
      await line.send(0, late);
      const letters = await line.deadLetters();
      expect(letters.map(({ reason }) => reason)).toEqual(['schema-unknown']);
      const dead = new Set([letters[0]?.offset as number]);
      await settled(line, 60_000, dead);
      expect(line.gaps).toEqual([]);
      expect(await line.deadLetters()).toHaveLength(1);
      expect(second.lines.some((l) => l.message === 'windows rebuilt from the log')).toBe(true);
      // As if the schema had been known all along, the entries would be others.
      expect(await line.expected()).not.toEqual(await line.expected(dead));
    } finally {
      await redis.close();
      await line.stop();
    }
  }, 120_000);

  test('Redis emptied, the group deleted, the beginning of the log gone: the numbers go on', async () => {
    const line = await createAssemblyLine(engines.env, 'lost-', 1);
    const logger = createLogger({ service: 'test', level: 'silent' });
    const redis = createRedis({ redis_url: engines.env.REDIS_URL as string }, { logger });
    const admin = new KafkaJs({ brokers: [engines.env.KAFKA_BROKERS as string] }).admin();
    const send = (trace: number): Promise<unknown> =>
      line.send(0, line.batch([makeSpan(trace, 1, true), makeSpan(trace, 2, false)]));
    try {
      const first = line.start();
      // Ledger entries are made every ten seconds of the log.
      for (let trace = 0; trace < 40; trace++) {
        await send(trace);
        await sleep(500);
      }
      await settled(line, 60_000);
      first.kill('SIGKILL');
      await once(first, 'exit');
      const before = await line.read('spans', 0);
      const accepted = (await line.accepted())[0] as string[];
      const ledgers = accepted.filter((hex) => !hex.startsWith('00')).length;
      expect(ledgers).toBeGreaterThan(1);

      await redis.client.flushall();
      await until('the group is empty and gone', async () =>
        (await line.kafka.admin()).deleteGroups([`lost-assembler`]).then(
          () => true,
          () => false,
        ),
      );
      await admin.connect();
      await admin.fetchTopicOffsets(line.kafka.topic('spans')); // loads what deleting needs to know
      await admin.deleteTopicRecords({
        topic: line.kafka.topic('spans'),
        // Less than the first ledger entry's end: the last one is the same again only where the one before it comes out
        // of the log too. Where it does not, it is a repeat that the sink drops all the same.
        partitions: [{ partition: 0, offset: '1' }],
      });
      const second = watchProcess(line.start({ SPANLOOM_LOG_LEVEL: 'info' }));
      for (let trace = 100; trace < 105; trace++) await send(trace);
      const whole = async (): Promise<string> => {
        const after = (await line.read('spans', 0)).filter((r) => r.offset >= before.length);
        return JSON.stringify([line.reduce([...before, ...after])]);
      };
      await until(
        'the entries of the whole log',
        async () =>
          JSON.stringify(await line.accepted()) === (await whole()) &&
          ((await line.accepted())[0]?.length ?? 0) >= accepted.length + 5,
        60_000,
      );
      expect(line.gaps).toEqual([]);
      expect(second.lines.map(({ message }) => message)).toContain(
        'numbers go on from the last ledger entry',
      );
    } finally {
      await admin.disconnect();
      await redis.close();
      await line.stop();
    }
  }, 120_000);
});
