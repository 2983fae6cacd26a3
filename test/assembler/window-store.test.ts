import { AvroWriter, SpanBatchBuilder, writeSpan } from '@spanloom/avro';
import { createRedis, type Redis } from '@spanloom/redis';
import { createLogger } from '@spanloom/runtime';
import {
  createWindowState,
  DEFAULT_RULES,
  headKey,
  partitionTag,
  scanRecord,
  segmentKey,
  step,
} from '@spanloom/window';
import { createWindowStore } from '../../services/assembler/src/window-store';

const SECOND_MS = 1000;
/** The first segment that a partition gets. */
const segmentOf = (tag: string): string => segmentKey(tag, 1);
const BEGIN_MS = 1_700_000_000 * SECOND_MS;

function record(offset: number, spanId: number) {
  const writer = new AvroWriter();
  writeSpan(writer, {
    traceId: 'ab'.repeat(16),
    spanId: spanId.toString(16).padStart(16, '0'),
    parentSpanId: 'cd'.repeat(8),
    startUnixNano: 1n,
    durationNano: 1n,
    kind: 1,
    statusCode: 0,
    service: 's',
    name: 'n',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: {},
    attributes: {},
    events: [],
    links: [],
  });
  const builder = new SpanBatchBuilder();
  builder.add(writer.view());
  return scanRecord(offset, BEGIN_MS + offset * SECOND_MS, builder.finish(1, 0));
}

describe('windows in Redis change only from the state that the writer believes in', () => {
  let redis: Redis;
  beforeAll(() => {
    const logger = createLogger({ service: 'test', level: 'silent' });
    redis = createRedis({ redis_url: process.env.REDIS_URL as string }, { logger });
  });
  afterAll(() => redis.close());

  test('an owner that was overtaken changes nothing, and says so', async () => {
    const group = `stale-${process.pid}`;
    const first = createWindowStore(redis, group, 0);
    const state = createWindowState({ mirrored: true });
    step(state, record(0, 1), DEFAULT_RULES);
    await first.save(state, DEFAULT_RULES);

    const second = createWindowStore(redis, group, 0);
    const taken = await second.load(DEFAULT_RULES);
    if (taken === null) throw new Error('nothing was stored');
    expect([taken.applied, taken.seq, taken.openSpans]).toEqual([1, 0, 1]);
    step(taken, record(1, 2), DEFAULT_RULES);
    await second.save(taken, DEFAULT_RULES);

    // The first one wakes up and carries on from what it believes.
    step(state, record(1, 2), DEFAULT_RULES);
    await expect(first.save(state, DEFAULT_RULES)).rejects.toMatchObject({ code: 'state-stale' });
    const found = await createWindowStore(redis, group, 0).load(DEFAULT_RULES);
    expect([found?.applied, found?.openSpans, found?.openBytes]).toEqual([2, 2, taken.openBytes]);
    await second.discard();
  });

  test('nobody creates a state where another one is', async () => {
    const group = `fresh-${process.pid}`;
    const state = createWindowState({ mirrored: true });
    step(state, record(0, 1), DEFAULT_RULES);
    const store = createWindowStore(redis, group, 0);
    await store.save(state, DEFAULT_RULES);
    const rebuilt = createWindowState({ mirrored: true });
    step(rebuilt, record(0, 1), DEFAULT_RULES);
    await expect(
      createWindowStore(redis, group, 0).save(rebuilt, DEFAULT_RULES),
    ).rejects.toMatchObject({
      code: 'state-stale',
    });
    await store.discard();
    expect(await createWindowStore(redis, group, 0).load(DEFAULT_RULES)).toBeNull();
  });

  test.each([
    ['a head without a clock', (tag: string) => redis.client.hdel(headKey(tag), 'clock')],
    ['a head without an offset', (tag: string) => redis.client.hdel(headKey(tag), 'applied')],
    ['contents that are none', (tag: string) => redis.client.hset(headKey(tag), 'contents', '{')],
    ['a head that is text', (tag: string) => redis.client.set(headKey(tag), 'x')],
    ['a segment that is gone', (tag: string) => redis.client.del(segmentOf(tag))],
    [
      'a segment cut short',
      async (tag: string) => {
        const whole = await redis.client.getBuffer(segmentOf(tag));
        await redis.client.set(segmentOf(tag), (whole as Buffer).subarray(0, 20));
      },
    ],
    [
      'a segment that is a list',
      async (tag: string) => {
        await redis.client.del(segmentOf(tag));
        await redis.client.rpush(segmentOf(tag), 'x');
      },
    ],
  ])('%s is damage, after which the partition can be written anew', async (_, damage) => {
    const group = `damaged-${process.pid}`;
    const store = createWindowStore(redis, group, 0);
    const state = createWindowState({ mirrored: true });
    step(state, record(0, 1), DEFAULT_RULES);
    await store.save(state, DEFAULT_RULES);
    await damage(partitionTag(group, 0));
    const next = createWindowStore(redis, group, 0);
    await expect(next.load(DEFAULT_RULES)).rejects.toMatchObject({ code: 'state-corrupt' });
    await next.discard();
    const rebuilt = createWindowState({ mirrored: true });
    step(rebuilt, record(0, 1), DEFAULT_RULES);
    await next.save(rebuilt, DEFAULT_RULES);
    expect((await createWindowStore(redis, group, 0).load(DEFAULT_RULES))?.openSpans).toBe(1);
    await next.discard();
  });
});
