import fc from 'fast-check';
import {
  createWindowState,
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
