import { FragmentReader } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import fc from 'fast-check';
import {
  bucketNano,
  encodeSelfTimes,
  SELF_TIME_RULES,
  SelfTimeReducer,
  type SeriesPane,
  schemasOf,
  type WholeBatch,
} from '../src';
import {
  callTrace,
  type Entry,
  fragmentMessage,
  SCHEMA_ID,
  SPAN_TIME_S,
  spanOf,
} from './fragments';

const readable = (schemaId: number): boolean => schemaId === SCHEMA_ID;

function reduce(entries: readonly Entry[], rules = SELF_TIME_RULES): readonly WholeBatch[] {
  return new SelfTimeReducer(0, 1, rules, 0).apply(fragmentMessage(0, 1, entries), readable);
}

const find = (series: readonly SeriesPane[], service: string, operation: string): SeriesPane =>
  series.find(
    ({ name }) =>
      name.service === service && name.type === 'operation' && name.operation === operation,
  ) as SeriesPane;

/** The only self time of a series, ms. */
const ms = ({ buckets: [bucket] }: SeriesPane): number => bucketNano(bucket as number) / 1e6;

test('a trace of two services: self times of operations, and of the edge between them', () => {
  const [batch, ...more] = reduce([{ spans: callTrace(1, 0) }, 'ledger']);
  expect(more).toEqual([]);
  expect(batch).toMatchObject({ partition: 0, partitions: 1, firstSeq: 1, lastSeq: 2 });
  expect(batch?.panes.map(({ startS }) => startS)).toEqual([SPAN_TIME_S]);
  const series = batch?.panes[0]?.series ?? [];
  expect(series).toHaveLength(5);
  // Of 50 ms: shop's own 24, the call's 6, cart's own 15 and its query's 5.
  expect(ms(find(series, 'shop', 'GET /')) / 24).toBeCloseTo(1, 1);
  expect(ms(find(series, 'cart', 'GET /')) / 15).toBeCloseTo(1, 1);
  const edge = series.find(({ name }) => name.type === 'edge') as SeriesPane;
  expect(edge).toMatchObject({ name: { service: 'shop', peer: 'cart' }, timedTraces: 1 });
  expect(ms(edge) / 6).toBeCloseTo(1, 1);
  // The calling span's time belongs to the edge; its shape is its own.
  expect(find(series, 'shop', 'call')).toMatchObject({
    name: { peer: 'cart' },
    buckets: [],
    timedTraces: 0,
    traces: 1,
  });
  expect(find(series, 'cart', 'query 4711/{id}').shapes).toMatchObject([
    { children: 0, traces: 1 },
  ]);
  expect(edge.traceNano / 1e6).toBeCloseTo(50);
});

test('failures count where they begin, and shapes by the set of children', () => {
  const failing = (trace: number, second: number): readonly Span[] => [
    spanOf(trace, 1, { statusCode: 2 }),
    spanOf(trace, 2, { statusCode: 2, kind: 1, name: 'a', parentSpanId: '0000000000000001' }),
    spanOf(trace, 3, { kind: 1, name: `b${second}`, parentSpanId: '0000000000000001' }),
    spanOf(trace, 4, { kind: 1, name: `b${second}`, parentSpanId: '0000000000000001' }),
  ];
  const [batch] = reduce([
    { spans: failing(1, 1) },
    { spans: failing(2, 1) },
    { spans: failing(3, 2) },
    'ledger',
  ]);
  const series = batch?.panes[0]?.series ?? [];
  expect(find(series, 'shop', 'a')).toMatchObject({ failedTraces: 3 });
  const top = find(series, 'shop', 'GET /');
  expect(top).toMatchObject({ failedTraces: 0, failed: '' });
  expect(top.shapes.map(({ traces }) => traces).sort()).toEqual([1, 2]);
});

test('parts of traces are left out, unreadable spans and messages counted', () => {
  const reducer = new SelfTimeReducer(0, 1, SELF_TIME_RULES, 0);
  const message = fragmentMessage(0, 1, [
    { spans: callTrace(1, 0), late: true },
    { spans: callTrace(2, 0), reason: 3 },
    'ledger',
  ]);
  expect(reducer.apply(message, readable)[0]?.panes).toEqual([]);
  reducer.apply(fragmentMessage(0, 4, [{ spans: callTrace(3, 0) }]), () => false);
  reducer.apply(Buffer.from('nonsense'), readable);
  reducer.apply(fragmentMessage(0, 9, ['ledger']), readable);
  expect(reducer.counters).toEqual({
    fragments: 3,
    partial: 2,
    repeats: 0,
    gaps: 1,
    unreadable: 1,
    badSpans: 4,
  });
  expect([
    ...schemasOf(
      fragmentMessage(0, 1, [{ spans: callTrace(1, 0) }, 'ledger'], 9),
      new FragmentReader(),
    ),
  ]).toEqual([9]);
});

test('the same log gives the same messages, from the end of any batch on, whatever the message boundaries', () => {
  const entries = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.nat(60_000).map((at) => ({ spans: callTrace(at + 1, at) })) },
      { weight: 1, arbitrary: fc.constant('ledger' as const) },
    ),
    { minLength: 1, maxLength: 40 },
  );
  const rules = { ...SELF_TIME_RULES, flush_series_max: 12 };
  const encode = (batches: readonly WholeBatch[]): readonly string[] =>
    batches.flatMap((batch) => encodeSelfTimes(batch, 1, 700).map((one) => one.toString('hex')));
  fc.assert(
    fc.property(entries, fc.integer({ min: 1, max: 7 }), fc.nat(), (all, size, from) => {
      const batches = reduce(all, rules);
      const start = batches.length === 0 ? 0 : from % batches.length;
      const lastSeq = start === 0 ? 0 : (batches[start - 1] as WholeBatch).lastSeq;
      const reducer = new SelfTimeReducer(0, 1, rules, lastSeq);
      const again: WholeBatch[] = [];
      for (let at = 0; at < all.length; at += size) {
        const message = fragmentMessage(0, at + 1, all.slice(at, at + size));
        again.push(...reducer.apply(message, readable));
      }
      expect(encode(again)).toEqual(encode(batches.slice(start)));
      expect(reducer.counters.repeats).toBe(lastSeq);
    }),
    { numRuns: 100 },
  );
});
