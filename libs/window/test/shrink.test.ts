import fc from 'fast-check';
import { advance, closeWindowState, createWindowState, shrinkIfSparse, step } from '../src';
import { BASE_S, hostileLog, RULES, recordsOf } from './hostile-log';
import { createMemoryStore } from './memory-store';
import { tracesOf } from './trace-view';

const bytesOf = (entries: readonly { readonly bytes: Buffer }[]): readonly string[] =>
  entries.map(({ bytes }) => bytes.toString('hex'));

test('windows say the same after their memory was given back, and close into the same', () => {
  fc.assert(
    fc.property(hostileLog, fc.infiniteStream(fc.boolean()), (log, shrinks) => {
      const plain = createWindowState({ mirrored: true });
      const shrunk = createWindowState({ mirrored: true });
      const stores = [createMemoryStore(RULES), createMemoryStore(RULES)] as const;
      for (const record of recordsOf(log, () => true)) {
        const expected = step(plain, record, RULES);
        expect(bytesOf(step(shrunk, record, RULES))).toEqual(bytesOf(expected));
        if (shrinks.next().value) expect(shrinkIfSparse(shrunk, 0)).toBe(true);
        expect(tracesOf(shrunk)).toEqual(tracesOf(plain));
        stores[0].save(plain, RULES);
        stores[1].save(shrunk, RULES);
      }
      expect(tracesOf(stores[1].load())).toEqual(tracesOf(stores[0].load()));
    }),
    { numRuns: 60 },
  );
});

test('a burst leaves no memory behind, and what is dense is left alone', () => {
  const state = createWindowState({});
  const burst = Array.from({ length: 60_000 }, (_, i) => ({
    timeS: BASE_S,
    trace: i,
    span: i,
    root: true,
  }));
  for (const record of recordsOf(burst, (i) => i % 1000 === 0)) step(state, record, RULES);
  const high = state.windows.arena.bytes.length;
  expect(shrinkIfSparse(state)).toBe(false);
  const later = [{ timeS: BASE_S + 60, trace: 1, span: 1, root: true }];
  for (const record of recordsOf(later, () => true)) step(state, record, RULES);
  expect(shrinkIfSparse(state)).toBe(true);
  expect(state.windows.arena.bytes.length).toBeLessThan(high / 10);
  expect(shrinkIfSparse(state)).toBe(false);
});

test('memory of a state that is closed serves the next one, and nothing of the first comes back', () => {
  fc.assert(
    fc.property(hostileLog, hostileLog, (first, second) => {
      const before = createWindowState({});
      for (const record of recordsOf(first, () => true)) step(before, record, RULES);
      const expected = recordsOf(second, () => true).map((record, i) => [record, i] as const);
      const fresh = createWindowState({});
      const whole = expected.map(([record]) => bytesOf(step(fresh, record, RULES)));
      const memory = before.windows.arena.bytes.buffer;
      closeWindowState(before);
      closeWindowState(before);
      const next = createWindowState({});
      expect(next.windows.arena.bytes.buffer).toBe(memory);
      for (const [record, i] of expected)
        expect(bytesOf(step(next, record, RULES))).toEqual(whole[i]);
      closeWindowState(next);
      closeWindowState(fresh);
    }),
    { numRuns: 60 },
  );
});

test('a state that is closed neither takes spans nor gives any', () => {
  const log = [{ timeS: BASE_S, trace: 1, span: 1, root: true }];
  const records = recordsOf(log, () => true);
  const empty = createWindowState({});
  closeWindowState(empty);
  expect(() => records.map((record) => step(empty, record, RULES))).toThrow(/bounds|closed/);
  const state = createWindowState({});
  for (const record of records) step(state, record, RULES);
  closeWindowState(state);
  expect(() => advance(state, BASE_S + 1_000, RULES, [])).toThrow('closed');
});
