import fc from 'fast-check';
import {
  addsUp,
  closedSpans,
  createWindowState,
  findInTable,
  liveWindows,
  loadClosed,
  loadSegment,
  readClosed,
  readSegmentTable,
  scanRecord,
  step,
} from '../src';
import { BASE_S, hostileLog, RULES, recordsOf } from './hostile-log';
import { createMemoryStore } from './memory-store';
import { tracesOf } from './trace-view';

test('a reader of the store sees each open window and its spans', () => {
  fc.assert(
    fc.property(hostileLog, fc.infiniteStream(fc.nat(3)), (log, saves) => {
      const state = createWindowState({ mirrored: true });
      const store = createMemoryStore(RULES);
      for (const record of recordsOf(log, () => true)) {
        step(state, record, RULES);
        if (saves.next().value !== 0) continue;
        store.save(state, RULES);
        const open = tracesOf(state).filter((trace) => trace.window !== null);
        const live = store.live();
        expect([...live.keys()].sort()).toEqual(open.map((trace) => trace.id));
        for (const { id, last, window } of open) {
          const found = live.get(id);
          if (found === undefined || window === null) throw new Error('not found');
          expect([found.lastS, found.openedAtS, found.spans, found.root ? 1 : 0]).toEqual([
            last,
            window.opened,
            window.spans,
            window.root,
          ]);
          expect(store.spansOf(found).toString('hex')).toBe(window.bytes);
          expect(addsUp(found)).toBe(true);
          expect(store.liveOf([id]).get(id)).toEqual(found);
        }
        const ids = tracesOf(state).map(({ id }) => id);
        for (const some of [ids, ids.slice(0, 2)]) {
          const alone = store.liveOf(some);
          for (const id of some) expect(alone.get(id)).toEqual(live.get(id));
        }
      }
    }),
    { numRuns: 40 },
  );
});

/** One endless trace, and many short ones. */
function endlessLog(seconds: number, spansPerS: number) {
  return Array.from({ length: seconds * spansPerS }, (_, i) => ({
    timeS: BASE_S + Math.floor(i / spansPerS),
    trace: i % spansPerS === 0 ? 0 : 1 + (i % 5000),
    span: i,
    root: i % spansPerS !== 0,
  }));
}

test('what is stored stays bounded under endless traces, and so does the number of keys', () => {
  const state = createWindowState({ mirrored: true });
  const store = createMemoryStore(RULES);
  let stored_max = 0;
  let open_max = 0;
  let keys_max = 0;
  for (const record of recordsOf(endlessLog(150, 20), (i) => i % 10 === 0)) {
    step(state, record, RULES);
    store.save(state, RULES);
    stored_max = Math.max(stored_max, store.segmentBytes());
    open_max = Math.max(open_max, state.openBytes);
    keys_max = Math.max(keys_max, store.keys().length);
  }
  expect(open_max).toBeGreaterThan(0);
  expect(stored_max).toBeLessThan(2 * open_max + 8 * 1024 * 1024);
  expect(keys_max).toBeLessThan(100);
  expect(tracesOf(store.load())).toEqual(tracesOf(state));
});

test('a store that is cut off or altered is refused, never half read', () => {
  const state = createWindowState({ mirrored: true });
  for (const record of recordsOf(endlessLog(10, 20), () => true)) step(state, record, RULES);
  const update = state.journal?.take(state, RULES);
  if (update === undefined) throw new Error('no journal');
  const bytesOf = (of: 'open' | 'closed'): Buffer => {
    const change = update.changes.find((c) => c.key.of === of);
    if (change?.what !== 'put') throw new Error(`no ${of} bytes`);
    return change.bytes;
  };
  const segment = bytesOf('open');
  const table_bytes = update.contents.segments[0]?.table_bytes as number;
  const load = (bytes: Buffer, table = table_bytes): boolean => {
    const fresh = createWindowState({ mirrored: true });
    fresh.journal?.adopt(update.contents);
    return loadSegment(fresh, 1, bytes, table);
  };
  expect(load(segment)).toBe(true);
  expect(load(segment.subarray(0, segment.length - 1))).toBe(false);
  expect(load(segment, table_bytes - 1)).toBe(false);
  const altered = Buffer.from(segment);
  altered.fill(255, table_bytes);
  expect(load(altered)).toBe(false);
  const closed = bytesOf('closed');
  expect([...readClosed(closed)].length).toBeGreaterThan(0);
  expect(loadClosed(createWindowState({}), closed.subarray(0, -1), RULES)).toBe(false);
  const [any] = [...readClosed(closed)];
  if (any === undefined) throw new Error('nothing has closed');
  const id = any.traceId.toString('hex');
  const blocks = [closed.subarray(0, -1), closed];
  expect(() => closedSpans(blocks, [id], 0)).toThrow(RangeError);
  expect(readSegmentTable(segment.subarray(0, table_bytes)).windows.length).toBe(
    update.contents.windows,
  );
});

test('above the bound on remembered ids the oldest are forgotten, here and in the store', () => {
  const rules = { ...RULES, memory_ids_max: 50 };
  const log = Array.from({ length: 400 }, (_, i) => ({
    timeS: BASE_S + Math.floor(i / 20),
    trace: i,
    span: 0,
    root: true,
  }));
  const state = createWindowState({ mirrored: true });
  const store = createMemoryStore(rules);
  for (const record of recordsOf(log, () => true)) {
    step(state, record, rules);
    store.save(state, rules);
    expect(state.memory.size).toBeLessThanOrEqual(50);
    if (record.offset % 20 > 0) continue;
    expect(tracesOf(store.load())).toEqual(tracesOf(state));
  }
  step(state, scanRecord(1_000_000, (BASE_S + 20 + RULES.memory_s + 20) * 1000, null), rules);
  expect([state.memory.size, state.traces.size]).toEqual([0, 0]);
});

test('a reader of closed windows finds the ids of those that it asks for, as late as it asks', () => {
  const state = createWindowState({ mirrored: true });
  for (const record of recordsOf(endlessLog(30, 20), () => true)) step(state, record, RULES);
  const change = state.journal?.take(state, RULES).changes.find((c) => c.key.of === 'closed');
  if (change?.what !== 'put') throw new Error('nothing has closed');
  const all = [...readClosed(change.bytes)];
  const last_s = Math.max(...all.map(({ closedAtS }) => closedAtS));
  const expected = (sinceS: number, id: string) =>
    all
      .filter(({ closedAtS, traceId }) => closedAtS >= sinceS && traceId.toString('hex') === id)
      .map(({ ids }) => ids.toString('hex'));
  const ids = [...new Set(all.map(({ traceId }) => traceId.toString('hex')))];
  expect(ids.length).toBeGreaterThan(20);
  for (const asked of [ids, ids.slice(0, 1), ids.slice(-3), ['0'.repeat(31) + 1]]) {
    for (const sinceS of [0, last_s - 5, last_s + 1]) {
      const found = closedSpans([change.bytes], asked, sinceS);
      for (const id of asked) {
        expect(found.get(id)?.map((b) => b.toString('hex'))).toEqual(expected(sinceS, id));
      }
    }
  }
});

test('a table of any bytes is read or refused with a RangeError, whatever counts it claims', () => {
  const state = createWindowState({ mirrored: true });
  for (const record of recordsOf(endlessLog(8, 20), () => true)) step(state, record, RULES);
  const update = state.journal?.take(state, RULES);
  const change = update?.changes.find((c) => c.key.of === 'open');
  if (change?.what !== 'put') throw new Error('nothing is open');
  const table = change.bytes.subarray(0, update?.contents.segments[0]?.table_bytes);
  const id = readSegmentTable(table).windows[0]?.traceId as Buffer;
  const readOrRefuse = (read: () => unknown): void => {
    try {
      read();
    } catch (error) {
      expect((error as Error).name).toBe('RangeError');
    }
  };
  const change32 = fc.tuple(fc.nat(table.length - 4), fc.constantFrom(0, 1, 255, 0xffffffff));
  const damaged = fc.array(change32, { minLength: 1, maxLength: 4 }).map((changes) => {
    const copy = Buffer.from(table);
    for (const [at, value] of changes) copy.writeUInt32LE(value, at);
    return copy;
  });
  const any = fc.oneof(damaged, fc.uint8Array({ maxLength: 200 }).map(Buffer.from));
  fc.assert(
    fc.property(any, (bytes) => {
      readOrRefuse(() => liveWindows([[1, bytes]]));
      readOrRefuse(() => findInTable(bytes, id));
      readOrRefuse(() => closedSpans([bytes], [id.toString('hex')], 0));
    }),
  );
  const lying = Buffer.from(table);
  lying.writeUInt32LE(0xffffffff, 0);
  expect(() => readSegmentTable(lying)).toThrow(RangeError);
  expect(() => findInTable(lying, id)).toThrow(RangeError);
});
