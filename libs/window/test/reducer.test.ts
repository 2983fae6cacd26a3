import {
  AvroWriter,
  CLOSE_REASONS,
  decodeSpan,
  FragmentBatchBuilder,
  FragmentReader,
  SpanScanner,
} from '@spanloom/avro';
import fc from 'fast-check';
import {
  advance,
  createWindowState,
  type Entry,
  horizonS,
  type ScannedRecord,
  scanRecord,
  step,
  stepInParts,
  type WindowState,
} from '../src';
import { cutPhaseS } from '../src/deadline';
import { BASE_S, hostileLog, RULES, recordsOf, traceIdOf, traceOf } from './hostile-log';
import { createMemoryStore } from './memory-store';
import { type NaiveFragment, naiveFragments } from './naive-model';
import { tracesOf } from './trace-view';

const phaseOf = (trace: number): number =>
  cutPhaseS(Buffer.from(traceIdOf(trace), 'hex').readInt32BE(0), RULES);

function run(records: readonly ScannedRecord[], untilS: number, state = createWindowState({})) {
  const entries: Entry[] = [];
  for (const record of records) entries.push(...step(state, record, RULES));
  advance(state, untilS, RULES, entries);
  return { state, entries };
}

/** Fragments as the model says them; ledger entries apart. */
function read(entries: readonly Entry[]) {
  const fragments: NaiveFragment[] = [];
  const ledgers: { received: number; openSpans: number }[] = [];
  const reader = new FragmentReader();
  const scanner = new SpanScanner();
  for (const { seq, bytes } of entries) {
    const builder = new FragmentBatchBuilder(0);
    builder.add(seq, bytes);
    expect(reader.reset(builder.finish(1))).toBe(true);
    if (reader.next() === 'ledger') {
      if (reader.ledger !== null) ledgers.push({ ...reader.ledger });
      continue;
    }
    const { buffer, traceIdAt } = reader;
    const kept: number[] = [];
    for (const segment of reader.segments.slice(0, reader.segmentCount)) {
      scanner.resetRaw(buffer, segment.start, segment.end);
      while (scanner.next() === 0) {
        const span = decodeSpan(buffer, scanner.spanStart, scanner.spanEnd);
        kept.push(Number.parseInt(span.spanId, 16) - 1);
      }
    }
    expect(kept).toHaveLength(reader.spanCount);
    fragments.push({
      closedAtS: reader.closedAtS,
      trace: traceOf(buffer.toString('hex', traceIdAt, traceIdAt + 16)),
      reason: CLOSE_REASONS[reader.reason] as string,
      late: reader.late,
      kept,
      duplicates: reader.duplicateCount,
    });
  }
  return { fragments, ledgers };
}

const END_S = BASE_S + 3000;
const hex = (entries: readonly Entry[]): string[] =>
  entries.map(({ seq, bytes }) => `${seq}:${bytes.toString('hex')}`);

test('the reducer gives what the plainest statement of the rules gives', () => {
  fc.assert(
    fc.property(hostileLog, fc.infiniteStream(fc.boolean()), (log, cuts) => {
      const records = recordsOf(log, () => cuts.next().value as boolean);
      const { fragments } = read(run(records, END_S).entries);
      expect(fragments).toEqual(naiveFragments(log, END_S, RULES, phaseOf));
    }),
    { numRuns: 200 },
  );
});

test('the same log gives the same bytes, however it was cut into records', () => {
  fc.assert(
    fc.property(hostileLog, (log) => {
      const one = run(
        recordsOf(log, () => true),
        END_S,
      ).entries;
      const many = run(
        recordsOf(log, () => false),
        END_S,
      ).entries;
      const fragmentsOnly = (entries: readonly Entry[]) =>
        entries.filter(({ bytes }) => bytes[0] === 0).map(({ bytes }) => bytes.toString('hex'));
      expect(fragmentsOnly(many)).toEqual(fragmentsOnly(one));
    }),
    { numRuns: 100 },
  );
});

test('every span received is kept, a duplicate or still open, and each ledger entry says so', () => {
  fc.assert(
    fc.property(hostileLog, (log) => {
      const { state, entries } = run(
        recordsOf(log, () => true),
        END_S,
      );
      const { fragments, ledgers } = read(entries);
      const kept = fragments.reduce((sum, f) => sum + f.kept.length, 0);
      const duplicates = fragments.reduce((sum, f) => sum + f.duplicates, 0);
      expect(kept + duplicates).toBe(log.length);
      expect(ledgers.reduce((sum, l) => sum + l.received, 0)).toBe(log.length);
      expect([state.openSpans, state.openBytes, state.openWindows]).toEqual([0, 0, 0]);
      expect(state.traces.size).toBe(0);
      expect(entries.map((e) => e.seq)).toEqual(entries.map((_, i) => i + 1));
    }),
    { numRuns: 100 },
  );
});

/** What must be equal of two states: activity matters only up to the cut period. */
function canonical(state: WindowState): object {
  const traces = tracesOf(state).map(({ finished: _, ...trace }) => ({
    ...trace,
    activity: Math.max(trace.activity, state.clockS - RULES.cut_s),
  }));
  return { clock: state.clockS, openSpans: state.openSpans, traces };
}

test('the state depends on at most one horizon of the log', () => {
  const horizon = horizonS(RULES);
  fc.assert(
    fc.property(hostileLog, fc.nat(400), (log, after) => {
      const atS = BASE_S + horizon + after;
      const records = recordsOf(log, () => true);
      const until = records.filter((r) => r.clockS <= atS);
      const rest = records.filter((r) => r.clockS > atS);
      const recent = until.filter((r) => r.clockS >= atS - horizon);
      const whole = run(until, atS).state;
      const late = run(recent, atS, createWindowState({ clockS: atS - horizon })).state;
      expect(canonical(late)).toEqual(canonical(whole));
      late.seq = whole.seq;
      late.applied = whole.applied;
      if (until.length === recent.length) return;
      const fragmentsOnly = (entries: readonly Entry[]) =>
        hex(entries.filter((e) => e.bytes[0] === 0));
      expect(fragmentsOnly(run(rest, END_S, late).entries)).toEqual(
        fragmentsOnly(run(rest, END_S, whole).entries),
      );
    }),
    { numRuns: 200 },
  );
});

test('handing the state to a new owner at any record changes nothing', () => {
  fc.assert(
    fc.property(hostileLog, fc.infiniteStream(fc.integer({ min: 0, max: 5 })), (log, handOver) => {
      const records = recordsOf(log, () => true);
      const straight = run(records, END_S).entries;
      let state = createWindowState({ mirrored: true });
      const store = createMemoryStore(RULES);
      const entries: Entry[] = [];
      for (const record of records) {
        entries.push(...step(state, record, RULES));
        const choice = handOver.next().value as number;
        if (choice > 1) continue;
        store.save(state, RULES);
        if (choice === 1) continue;
        const before = tracesOf(state);
        state = store.load();
        expect(tracesOf(state)).toEqual(before);
      }
      advance(state, END_S, RULES, entries);
      expect(hex(entries)).toEqual(hex(straight));
    }),
    { numRuns: 100 },
  );
});

/** Holds entries until its limit is reached, as what sends them does. */
function createLimitedSink(bytes_max: number) {
  const sent: Entry[] = [];
  let held_bytes = 0;
  let held_most = 0;
  return {
    sent,
    get held_most() {
      return held_most;
    },
    get isFull() {
      return held_bytes >= bytes_max;
    },
    begin(seq: number, bytes: number): AvroWriter {
      const writer = new AvroWriter(bytes);
      sent.push({ seq, bytes: writer.buffer });
      held_bytes += bytes;
      held_most = Math.max(held_most, held_bytes);
      return writer;
    },
    send() {
      held_bytes = 0;
    },
  };
}

test.each([RULES, { ...RULES, window_bytes_max: 4_000 }])(
  'in parts the same entries come, and a sink that is full gets no more of them: %j',
  (rules) => {
    fc.assert(
      fc.property(hostileLog, fc.integer({ min: 1, max: 2_000 }), (log, bytes_max) => {
        const records = recordsOf(log, () => true);
        const end = scanRecord(1_000_000, END_S * 1000, null);
        const out = createLimitedSink(bytes_max);
        const whole = createWindowState({});
        const state = createWindowState({});
        const expected: Entry[] = [];
        for (const record of [...records, end]) {
          expected.push(...step(whole, record, rules));
          const parts = stepInParts(state, record, rules, out);
          while (parts.next().done !== true) {
            expect(out.isFull).toBe(true);
            out.send();
          }
          out.send();
        }
        expect(hex(out.sent)).toEqual(hex(expected));
        expect(tracesOf(state)).toEqual(tracesOf(whole));
        const largest = Math.max(0, ...expected.map(({ bytes }) => bytes.length));
        // What spans of one record close to make room comes on top of it.
        expect(out.held_most).toBeLessThan(bytes_max + 4 * largest);
      }),
      { numRuns: 100 },
    );
  },
);

test('above the memory bound the oldest windows close early, and nothing is lost', () => {
  const log = Array.from({ length: 400 }, (_, i) => ({
    timeS: BASE_S,
    trace: i,
    span: 0,
    root: false,
  }));
  const rules = { ...RULES, window_bytes_max: 10_000 };
  const state = createWindowState({});
  const entries: Entry[] = [];
  for (const record of recordsOf(log, () => true)) {
    entries.push(...step(state, record, rules));
    expect(state.openBytes).toBeLessThanOrEqual(rules.window_bytes_max);
  }
  advance(state, END_S, rules, entries);
  const { fragments } = read(entries);
  expect(fragments).toHaveLength(400);
  expect(new Set(fragments.map((f) => f.reason))).toEqual(new Set(['evicted', 'idle']));
});
