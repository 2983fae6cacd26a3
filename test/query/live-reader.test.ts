import { AvroWriter, SpanBatchBuilder, writeSpan } from '@spanloom/avro';
import { createRedis, type Redis } from '@spanloom/redis';
import { createLogger, systemClock } from '@spanloom/runtime';
import {
  assemblerGroup,
  createWindowState,
  DEFAULT_RULES,
  headKey,
  partitionTag,
  scanRecord,
  segmentKey,
  step,
  type WindowRules,
  type WindowState,
} from '@spanloom/window';
import { createRedisServer, type RedisServer } from '../../libs/redis/test/redis-server';
import { createWindowStore, type WindowStore } from '../../services/assembler/src/window-store';
import { createLiveReader, type LiveReader } from '../../services/query/src/live/live-reader';
import { spanKey } from '../../services/query/src/live/live-trace';
import { makeSpan } from '../assembler/spans';

const RULES: WindowRules = { ...DEFAULT_RULES, gap_s: 3, grace_s: 1, fragment_spans_max: 50 };
const BEGIN_MS = 1_700_000_000_000;
const PREFIX = 'live.';
const logger = createLogger({ service: 'live-test', level: 'silent' });

let server: RedisServer;
let redis: Redis;
let reads: string[];

beforeAll(async () => {
  server = await createRedisServer();
  await server.start();
  redis = createRedis({ redis_url: server.url }, { logger });
});

afterAll(async () => {
  await redis?.close();
  await server?.remove();
});

beforeEach(async () => {
  reads = [];
  await redis.client.flushall();
});

function reader(partitions = 1, live_timeout_ms = 5_000, port: Redis = redis): LiveReader {
  const config = { live_windows: true, live_timeout_ms, topic_prefix: PREFIX, partitions };
  const metrics = { liveRead: (_what: string, outcome: string) => void reads.push(outcome) };
  return createLiveReader(config, { redis: port, metrics, logger, clock: systemClock });
}

/** A log of one partition, its windows and the store that they are written to. */
function openLog() {
  const state = createWindowState({ mirrored: true });
  const store = createWindowStore(redis, assemblerGroup(PREFIX), 0);
  return { state, store, offset: 0 };
}

/** Applies one record with spans of these traces. */
function append(
  log: { readonly state: WindowState; offset: number },
  atMs: number,
  spans: readonly { readonly trace: number; readonly id: number; readonly root?: boolean }[],
): void {
  const writer = new AvroWriter();
  const builder = new SpanBatchBuilder();
  for (const { trace, id, root = false } of spans) {
    writer.reset();
    writeSpan(writer, makeSpan(trace, id, root));
    builder.add(writer.view());
  }
  step(log.state, scanRecord(log.offset++, BEGIN_MS + atMs, builder.finish(1, 0)), RULES);
}

const idOf = (trace: number): string => makeSpan(trace, 0, false).traceId;
const keyOf = (id: number): string => spanKey(makeSpan(0, id, false));

async function saveTwice(store: WindowStore, log: ReturnType<typeof openLog>): Promise<void> {
  append(log, 0, [
    { trace: 1, id: 1 },
    { trace: 2, id: 1 },
  ]);
  await store.save(log.state, RULES);
  append(log, 500, [{ trace: 1, id: 2 }]);
  await store.save(log.state, RULES);
}

describe('open windows in a real Redis', () => {
  it('are found by trace, spans as they came, and listed', async () => {
    const log = openLog();
    await saveTwice(log.store, log);
    append(log, 2000, [
      { trace: 1, id: 1 },
      { trace: 3, id: 7, root: true },
    ]);
    await log.store.save(log.state, RULES);
    const { traces, missing } = await reader().traces([idOf(1), idOf(3), idOf(9)]);
    expect(missing).toBeNull();
    expect(traces.get(idOf(1))?.open).toEqual([1, 2, 1].map((id) => makeSpan(1, id, false)));
    expect(traces.get(idOf(3))?.open).toEqual([makeSpan(3, 7, true)]);
    expect([...traces.keys()]).not.toContain(idOf(9));

    const [zero, one] = await reader(2).partitions('oldest', 2);
    expect(one?.windows).toBeNull();
    if (!zero?.windows?.ok) throw new Error('not read');
    const { windows, spans, bytes, clockS, applied, oldestS, first } = zero.windows.value;
    expect([windows, spans, bytes]).toEqual([3, 5, log.state.openBytes]);
    expect([clockS, applied, oldestS]).toEqual([BEGIN_MS / 1000 + 2, 3, BEGIN_MS / 1000]);
    expect(first.map(({ traceId }) => traceId)).toEqual([idOf(2), idOf(1)].sort());
    const [largest] = await reader().partitions('largest', 1);
    if (!largest?.windows?.ok) throw new Error('not read');
    expect(largest.windows.value.first).toMatchObject([{ traceId: idOf(1), spans: 3 }]);
  });

  it('that closed are known by their span ids for a while of log time', async () => {
    const log = openLog();
    await saveTwice(log.store, log);
    append(log, 4_000, [{ trace: 8, id: 1 }]);
    await log.store.save(log.state, RULES);
    const { traces } = await reader().traces([idOf(1), idOf(8)]);
    expect(traces.get(idOf(1))).toEqual({ open: [], closedLately: new Set([keyOf(1), keyOf(2)]) });
    expect(traces.get(idOf(8))?.closedLately.size).toBe(0);
    append(log, 30_000, [{ trace: 8, id: 2 }]);
    await log.store.save(log.state, RULES);
    expect((await reader().traces([idOf(1)])).traces.size).toBe(0);
  });

  it('are read whole while checkpoints go on, and no span is ever missed', async () => {
    const log = openLog();
    const states = new Map<number, { windows: number; spans: number }>();
    /** Spans of the long trace in completed checkpoints. */
    let saved = 0;
    let writing = true;
    const write = async (): Promise<void> => {
      for (let turn = 0; turn < 300; turn++) {
        append(log, turn * 30, [
          { trace: 1, id: turn },
          { trace: 100 + turn, id: 1, root: turn % 2 === 0 },
          { trace: 100 + Math.floor(turn / 2), id: 2 },
        ]);
        states.set(log.offset, { windows: log.state.openWindows, spans: log.state.openSpans });
        await log.store.save(log.state, RULES);
        saved = turn + 1;
      }
      writing = false;
    };
    const live = reader();
    let checked = 0;
    const lookUp = async (): Promise<void> => {
      while (writing) {
        const least = saved;
        const { traces, missing } = await live.traces([idOf(1), idOf(100 + (least % 300))]);
        expect(missing).toBeNull();
        const trace = traces.get(idOf(1));
        const seen = new Set([...(trace?.open ?? []).map(spanKey), ...(trace?.closedLately ?? [])]);
        for (let id = 0; id < least; id++) expect(seen).toContain(keyOf(id));
        checked++;
      }
    };
    const list = async (): Promise<void> => {
      while (writing) {
        const [found] = await live.partitions('oldest', 3);
        if (found === undefined || found.windows === null) continue;
        if (!found.windows.ok) throw new Error(`not read: ${found.windows.why}`);
        const { applied, windows, spans } = found.windows.value;
        expect(states.get(applied)).toEqual({ windows, spans });
        checked++;
      }
    };
    await Promise.all([write(), lookUp(), list()]);
    expect(checked).toBeGreaterThan(20);
    // Windows closed and segments went, or this would have tried nothing.
    expect(log.state.seq).toBeGreaterThan(100);
    expect(await redis.client.exists(segmentKey(partitionTag('live.assembler', 0), 1))).toBe(0);
  }, 60_000);

  it('are not written to by reading', async () => {
    const log = openLog();
    await saveTwice(log.store, log);
    const before = await redis.client.info('persistence');
    const changes = (info: string) => /rdb_changes_since_last_save:(\d+)/.exec(info)?.[1];
    await reader().traces([idOf(1)]);
    await reader().partitions('largest', 10);
    expect(changes(await redis.client.info('persistence'))).toBe(changes(before));
  });
});

describe('a Redis that holds something else', () => {
  const tag = partitionTag(assemblerGroup(PREFIX), 0);
  const DAMAGE: readonly (readonly [string, string, () => Promise<unknown>])[] = [
    ['a head of another type', 'unreadable', () => redis.client.set(headKey(tag), 'x')],
    ['a head that is none', 'unreadable', () => redis.client.hset(headKey(tag), 'contents', '{}')],
    ['a segment that is gone', 'moving', () => redis.client.del(segmentKey(tag, 1))],
    ['a segment cut off', 'moving', () => redis.client.set(segmentKey(tag, 1), 'x')],
    [
      'a segment full of ones',
      'unreadable',
      async () => {
        const bytes = await redis.client.strlen(segmentKey(tag, 1));
        await redis.client.set(segmentKey(tag, 1), Buffer.alloc(bytes, 255));
      },
    ],
    [
      'spans that are none',
      'unreadable',
      async () => {
        const bytes = await redis.client.strlen(segmentKey(tag, 1));
        await redis.client.setrange(segmentKey(tag, 1), bytes - 200, '\xff'.repeat(100));
      },
    ],
    [
      'tables without bound',
      'too-large',
      async () => {
        const contents = await redis.client.hget(headKey(tag), 'contents');
        const huge = (contents ?? '').replace(/"(table_)?bytes":\d+/g, '"$1bytes":999999999999');
        await redis.client.hset(headKey(tag), 'contents', huge);
      },
    ],
  ];

  it.each(DAMAGE)('%s is %s', async (_, why, damage) => {
    const log = openLog();
    await saveTwice(log.store, log);
    await damage();
    const found = await reader().traces([idOf(1), idOf(2)]);
    expect([found.missing, found.traces.size]).toEqual([why, 0]);
    expect(reads).toEqual([why]);
  });

  it('wrong totals make the list unreadable', async () => {
    const log = openLog();
    await saveTwice(log.store, log);
    const contents = (await redis.client.hget(headKey(tag), 'contents')) ?? '';
    await redis.client.hset(
      headKey(tag),
      'contents',
      contents.replace(/"windows":\d+/, '"windows":7'),
    );
    const [found] = await reader().partitions('oldest', 1);
    expect(found?.windows).toEqual({ ok: false, why: 'unreadable' });
  });
});

describe('a Redis that does not answer', () => {
  it('costs the time limit and no more, and is asked again when it is back', async () => {
    const log = openLog();
    await saveTwice(log.store, log);
    const port = createRedis({ redis_url: server.url, redis_timeout_ms: 200 }, { logger });
    const live = reader(64, 200, port);
    expect((await live.traces([idOf(1)])).missing).toBeNull();
    server.signal('SIGSTOP');
    expect(['slow', 'away']).toContain((await live.traces([idOf(1)])).missing);
    const all = await live.partitions('oldest', 5);
    expect(all).toHaveLength(64);
    expect(all.every(({ windows }) => windows !== null && !windows.ok)).toBe(true);
    // One for each reading that was tried: the other partitions of a Redis that is away are not.
    expect(reads).toHaveLength(3);
    server.signal('SIGCONT');
    for (let i = 0; i < 50 && (await live.traces([idOf(1)])).missing !== null; i++) {
      await systemClock.sleep(100);
    }
    expect((await live.traces([idOf(1)])).missing).toBeNull();
    await port.close();
  }, 30_000);
});
