import { bucketIndex, Sketch } from '@spanloom/sketch';
import fc from 'fast-check';
import { type MetricQuery, metricFamily } from '../../src/jaeger/metrics';
import { timesOf } from '../../src/routes/jaeger-metrics-parameters';
import type { SlotRow } from '../../src/sql/pane-slots';

interface Observation {
  readonly second: number;
  readonly nano: number;
  readonly failed: boolean;
}

const END_S = 1_700_000_000;

/** What the database would answer, the obvious way. */
function slotsOf(
  observations: readonly Observation[],
  start_s: number,
  end_s: number,
  slot_s: number,
) {
  const slots = new Map<number, Observation[]>();
  for (const one of observations) {
    if (one.second < start_s || one.second >= end_s) continue;
    const slot = Math.floor((one.second - start_s) / slot_s);
    slots.set(slot, [...(slots.get(slot) ?? []), one]);
  }
  return [...slots].sort(([a], [b]) => a - b).map(([slot, list]) => slotOf(slot, list));
}

function slotOf(slot: number, list: readonly Observation[]): SlotRow {
  const sketch = new Sketch();
  for (const { nano } of list) sketch.add(nano);
  const { indices, counts, min, max } = sketch.counts();
  const errors = list.filter(({ failed }) => failed).length;
  const merged = { spans: list.length, errors, min_nano: min, max_nano: max, indices, counts };
  return { service: 'cart', operation: '', slot, ...merged };
}

const anyObservation = fc.record({
  second: fc.integer({ min: END_S - 2_000, max: END_S + 50 }),
  nano: fc.integer({ min: 0, max: 1e10 }),
  failed: fc.boolean(),
});

const anyTimes = fc.record({
  end_ms: fc.integer({ min: (END_S - 30) * 1000, max: (END_S + 60) * 1000 }),
  lookback_ms: fc.oneof(
    fc.integer({ min: 1, max: 900_000 }),
    fc.integer({ min: 1, max: 15 }).map((minutes) => minutes * 60_000),
  ),
  step_ms: fc.constantFrom(5_000, 7_777, 10_000, 20_000, 30_000, 60_000),
  ratePer_ms: fc.constantFrom(1_000, 10_000, 14_000, 60_000, 90_000, 600_000),
});

describe("Jaeger's metrics", () => {
  it('has at each point what the panes before it say, whatever step and window', () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 80 }), anyTimes, (observations, asked) => {
        const { times, range } = timesOf(asked);
        const rows = slotsOf(observations, range.start_s, range.end_s, times.slot_s);
        const query = { quantile: 0.9, byOperation: false, times } as const;
        const window_s = Math.max(1, Math.round(asked.ratePer_ms / 10_000)) * 10;
        const points = (kind: MetricQuery['kind']): ReadonlyMap<number, number> => {
          const family = metricFamily(rows, { ...query, kind });
          const found = family.metrics[0]?.metricPoints ?? [];
          return new Map(
            found.map(({ timestamp, gaugeValue }) => [
              Date.parse(timestamp),
              gaugeValue.doubleValue,
            ]),
          );
        };
        const [latencies, calls, errors] = [points('latencies'), points('calls'), points('errors')];
        if (rows.length === 0) return;
        let n = 0;
        for (
          let at_ms = asked.end_ms;
          at_ms >= asked.end_ms - asked.lookback_ms;
          at_ms -= asked.step_ms
        ) {
          n++;
          const end_s = Math.floor(at_ms / 10_000) * 10;
          const inside = observations.filter(
            ({ second }) => second >= end_s - window_s && second < end_s,
          );
          const failed = inside.filter((one) => one.failed).length;
          expect(calls.get(at_ms)).toBe(inside.length / window_s);
          expect(errors.get(at_ms)).toBe(inside.length === 0 ? undefined : failed / inside.length);
          const sketch = new Sketch();
          for (const { nano } of inside) sketch.add(nano);
          expect(latencies.get(at_ms)).toBe(
            inside.length === 0 ? undefined : sketch.quantile(0.9) / 1e6,
          );
        }
        expect(calls.size).toBe(n);
      }),
      { numRuns: 300 },
    );
  });

  it('looks like this', () => {
    const slot = (operation: string, slot: number, nano: number): SlotRow => ({
      service: 'cart',
      operation,
      slot,
      spans: 2,
      errors: 1,
      min_nano: nano,
      max_nano: nano,
      indices: [bucketIndex(nano)],
      counts: [2],
    });
    const rows = [slot('GET /', 0, 1e6), slot('GET /', 2, 3e6), slot('POST /', 1, 2e6)];
    const times = {
      slot_s: 60,
      window_slots: 1,
      points: [
        { at_ms: 60_000, end_slot: 1 },
        { at_ms: 120_000, end_slot: 2 },
        { at_ms: 180_000, end_slot: 3 },
      ],
    };
    const query = { kind: 'latencies', quantile: 0.95, byOperation: true, times } as const;
    const point = (doubleValue: number, minute: number) => ({
      gaugeValue: { doubleValue },
      timestamp: `1970-01-01T00:0${minute}:00.000Z`,
    });
    expect(metricFamily(rows, query)).toEqual({
      name: 'service_operation_latencies',
      type: 'GAUGE',
      help: '0.95th quantile latency, grouped by service & operation',
      metrics: [
        {
          labels: [
            { name: 'operation', value: 'GET /' },
            { name: 'service_name', value: 'cart' },
          ],
          metricPoints: [point(1, 1), point(3, 3)],
        },
        {
          labels: [
            { name: 'operation', value: 'POST /' },
            { name: 'service_name', value: 'cart' },
          ],
          metricPoints: [point(2, 2)],
        },
      ],
    });
    const byService = { ...query, byOperation: false };
    expect(metricFamily([], { ...byService, kind: 'calls' })).toEqual({
      name: 'service_call_rate',
      type: 'GAUGE',
      help: 'calls/sec, grouped by service',
      metrics: [],
    });
    expect(metricFamily(rows.slice(0, 1), { ...byService, kind: 'errors' })).toEqual({
      name: 'service_error_rate',
      type: 'GAUGE',
      help: 'error rate, computed as a fraction of errors/sec over calls/sec, grouped by service',
      metrics: [
        { labels: [{ name: 'service_name', value: 'cart' }], metricPoints: [point(0.5, 1)] },
      ],
    });
  });

  it('reads as few slots as step and window allow', () => {
    const asked = { end_ms: END_S * 1000, lookback_ms: 3_600_000 };
    const slot = (step_ms: number, ratePer_ms: number) =>
      timesOf({ ...asked, step_ms, ratePer_ms }).times.slot_s;
    expect(slot(60_000, 600_000)).toBe(60);
    expect(slot(5_000, 600_000)).toBe(10);
    expect(slot(300_000, 600_000)).toBe(300);
    expect(slot(30_000, 40_000)).toBe(10);
  });
});
