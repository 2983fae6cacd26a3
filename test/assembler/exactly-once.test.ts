import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestEngines, type TestEngines } from '@spanloom/infra';
import type { Span } from '@spanloom/model';
import { createRedis } from '@spanloom/redis';
import { createLogger } from '@spanloom/runtime';
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

  test('what cannot be read goes to dead letters, and the partition moves on', async () => {
    const line = await createAssemblyLine(engines.env, 'poison-', 1);
    try {
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
      ]);
      expect(letters[0]?.raw).toEqual(unknownSchema);
      expect(letters[1]?.raw).toEqual(good.subarray(0, 40));
      expect(letters[2]?.raw.toString()).toBe('no avro at all');
      expect(line.gaps).toEqual([]);
    } finally {
      await line.stop();
    }
  }, 90_000);
});
