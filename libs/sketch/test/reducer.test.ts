import { reference, WIRE_HEADER_BYTES } from '@spanloom/avro';
import fc from 'fast-check';
import {
  createLatencyState,
  decodePaneBatch,
  isGathering,
  LATENCY_RULES,
  type LatencyCheckpoint,
  type LatencyFlush,
  type LatencyPane,
  type LatencyRecord,
  type LatencyRules,
  step,
} from '../src';
import { anyLog, batchOf, type LogEntry, recordsOf, SMALL_RULES, span } from './log';
import { type ExpectedPane, expectedFlushes } from './oracle';

const START: LatencyCheckpoint = { seq: 1, clockS: 0 };

function run(
  records: readonly LatencyRecord[],
  rules: LatencyRules = SMALL_RULES,
  from: LatencyCheckpoint = START,
): LatencyFlush[] {
  const state = createLatencyState(3, 11, rules, from);
  return records.flatMap((record) => step(state, record));
}

function panesOf(flush: LatencyFlush): LatencyPane[] {
  return flush.messages.flatMap((message) => decodePaneBatch(message).panes);
}

/** A text per pane, so that panes can be compared as a set. */
function comparable(pane: LatencyPane): string {
  const { indices, counts, exemplarTraceId: _, ...rest } = pane;
  const buckets = Object.fromEntries(indices.map((index, i) => [index, counts[i] as number]));
  return line({ ...rest, buckets } as ExpectedPane);
}

function line(pane: ExpectedPane): string {
  return JSON.stringify(Object.entries(pane).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('latency reducer', () => {
  it('gathers what the obvious way gathers, and flushes at the same records', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const flushes = run(recordsOf(log));
        const expected = expectedFlushes(log, SMALL_RULES);
        expect(flushes.map((flush) => flush.nextOffset)).toEqual(
          expected.map((flush) => flush.nextOffset),
        );
        flushes.forEach((flush, i) => {
          expect(panesOf(flush).map(comparable).sort()).toEqual(
            expected[i]?.panes.map(line).sort(),
          );
        });
      }),
      { numRuns: 400 },
    );
  });

  it('restarted at any commit, writes the same messages byte for byte', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const records = recordsOf(log);
        const whole = run(records);
        whole.forEach((flush, i) => {
          const again = run(records.slice(flush.nextOffset), SMALL_RULES, flush.checkpoint);
          expect(again).toEqual(whole.slice(i + 1));
        });
      }),
      { numRuns: 200 },
    );
  });

  it('restarted at any record where nothing is gathered, goes on the same', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const records = recordsOf(log);
        const whole = run(records);
        const state = createLatencyState(3, 11, SMALL_RULES, START);
        for (const record of records) {
          step(state, record);
          if (isGathering(state)) continue;
          const from = { seq: state.seq, clockS: state.clockS };
          const again = run(records.slice(record.offset + 1), SMALL_RULES, from);
          expect(again).toEqual(whole.filter((flush) => flush.seq >= state.seq));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('numbers messages without a gap, and keeps them small', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        let seq = 1;
        for (const flush of run(recordsOf(log))) {
          expect(flush.seq).toBe(seq);
          for (const message of flush.messages) {
            const batch = decodePaneBatch(message);
            expect([batch.partition, batch.seq]).toEqual([3, seq++]);
            const oversize = message.length > SMALL_RULES.message_bytes_max + 32;
            expect(oversize && batch.panes.length > 1).toBe(false);
          }
          expect(flush.checkpoint.seq).toBe(seq);
        }
      }),
    );
  });

  it('writes what avsc would write', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        for (const message of run(recordsOf(log)).flatMap((flush) => flush.messages)) {
          const body = message.subarray(WIRE_HEADER_BYTES);
          expect(message.readUInt32BE(1)).toBe(11);
          const decoded: unknown = reference.latencyPane.fromBuffer(body);
          expect(reference.latencyPane.toBuffer(decoded).equals(body)).toBe(true);
        }
      }),
    );
  });

  it('loses no distinct span: counts over all flushes add up', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const end: LogEntry = { timestampMs: 1_800_000_000_000, spans: [], tick: true };
        const flushes = run(recordsOf([...log, end]), { ...SMALL_RULES, spans_max: 1e6 });
        const total = flushes.flatMap(panesOf).reduce((sum, pane) => sum + pane.count, 0);
        const expected = expectedFlushes([...log, end], { ...SMALL_RULES, spans_max: 1e6 });
        const wanted = expected.flatMap((f) => f.panes).reduce((sum, pane) => sum + pane.count, 0);
        expect(total).toBe(wanted);
      }),
    );
  });
});

describe('latency reducer, by hand', () => {
  const at = (second: number, batch: Buffer | null, offset: number): LatencyRecord => ({
    offset,
    timestampMs: second * 1000,
    batch,
  });

  it('flushes first what is due, then applies the record that crossed', () => {
    const a = batchOf([span({ spanId: '00000000000000aa' })]);
    const b = batchOf([span({ spanId: '00000000000000bb' })]);
    const flushes = run([at(101, a, 0), at(105, b, 1), at(110, null, 2)], LATENCY_RULES);
    expect(flushes.map((flush) => [flush.nextOffset, flush.checkpoint])).toEqual([
      [1, { seq: 2, clockS: 105 }],
      [2, { seq: 3, clockS: 110 }],
    ]);
    expect(flushes.flatMap(panesOf).map((pane) => pane.exemplarSpanId)).toEqual([
      '00000000000000aa',
      '00000000000000bb',
    ]);
  });

  it('does not go back when append times do', () => {
    const one = batchOf([span({})]);
    const records = [at(109, one, 0), at(101, null, 1), at(106, null, 2), at(109, null, 3)];
    expect(run(records, LATENCY_RULES)).toEqual([]);
  });

  it('weights by adjusted counts, without bias', () => {
    const spans = Array.from({ length: 3000 }, (_, i) =>
      span({ spanId: (i + 1).toString(16).padStart(16, '0'), traceState: 'ot=th:b333333333333' }),
    );
    const [flush] = run([at(1, batchOf(spans), 0), at(6, null, 1)], LATENCY_RULES);
    const count = panesOf(flush as LatencyFlush)[0]?.count as number;
    expect(Math.abs(count / 3000 - 10 / 3)).toBeLessThan(0.03);
  });

  it('steps over broken spans and counts them', () => {
    const good = span({});
    const bad = span({ service: '' });
    const whole = batchOf([bad, good]);
    const state = createLatencyState(0, 1, LATENCY_RULES, START);
    step(state, at(1, whole, 0));
    step(state, at(1, whole.subarray(0, whole.length - 30), 1));
    expect(state.counters).toMatchObject({ spans: 1, badSpans: 3, duplicates: 0 });
    step(state, at(1, whole, 2));
    expect(state.counters).toMatchObject({ spans: 1, duplicates: 1 });
  });

  it('counts spans beyond the year 2106 instead of keeping them', () => {
    const far = span({ startUnixNano: 4_294_967_296_000_000_000n });
    const state = createLatencyState(0, 1, LATENCY_RULES, START);
    step(state, at(1, batchOf([far]), 0));
    expect(isGathering(state)).toBe(false);
    expect(state.counters.outOfRange).toBe(1);
  });

  it('cuts long names at a character', () => {
    const long = span({ name: '€'.repeat(3000), service: 's'.repeat(5000) });
    const [flush] = run([at(1, batchOf([long]), 0), at(9, null, 1)], LATENCY_RULES);
    const [pane] = panesOf(flush as LatencyFlush);
    expect(pane?.operation).toBe('€'.repeat(85));
    expect(pane?.service).toBe('s'.repeat(256));
  });

  it('counts what goes over its bounds under "other", per service and in all, and says how much', () => {
    const bounds = { services_max: 2, operations_per_service_max: 2, series_max: 3 };
    const names = [
      ['cart', 'a'],
      ['cart', 'b'],
      ['cart', 'c'], // a third operation of one service
      ['pay', 'a'],
      ['pay', 'b'], // a fourth series
      ['mail', 'a'], // a third service
      ['cart', 'a'],
    ] as const;
    const spans = names.map(([service, name], i) =>
      span({ service, name, spanId: (i + 1).toString(16).padStart(16, '0') }),
    );
    const rules = { ...LATENCY_RULES, ...bounds };
    const state = createLatencyState(0, 1, rules, START);
    step(state, at(1, batchOf(spans), 0));
    const [flush] = step(state, at(6, null, 1));
    const counted = panesOf(flush as LatencyFlush).map((pane) => [
      pane.service,
      pane.operation,
      pane.count,
    ]);
    expect(counted).toEqual([
      ['cart', 'a', 2],
      ['cart', 'b', 1],
      ['cart', 'other', 1],
      ['other', 'other', 1],
      ['pay', 'a', 1],
      ['pay', 'other', 1],
    ]);
    expect(state.counters).toMatchObject({ spans: 7, overflowed: 3 });
  });

  it.each([
    [true, ['GET /cart/{id}']],
    [false, ['GET /cart/17', 'GET /cart/18']],
  ])('takes ids out of names where that is asked for: %s', (template_operations, operations) => {
    const spans = ['GET /cart/17', 'GET /cart/18'].map((name, i) =>
      span({ name, spanId: (i + 1).toString(16).padStart(16, '0') }),
    );
    const rules = { ...LATENCY_RULES, template_operations };
    const [flush] = run([at(1, batchOf(spans), 0), at(6, null, 1)], rules);
    expect(panesOf(flush as LatencyFlush).map((pane) => pane.operation)).toEqual(operations);
  });
});
