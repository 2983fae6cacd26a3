import type { StoredSpanRow } from '@spanloom/clickhouse';
import { createManualClock } from '@spanloom/runtime';
import type { LiveReader } from '../../src/live/live-reader';
import { type LiveTrace, spanKey } from '../../src/live/live-trace';
import { createTraceReader } from '../../src/live/trace-reader';
import { span } from '../jaeger/fixture';

const ID = span().traceId;
const OTHER = 'e'.repeat(32);
const idOf = (n: number): string => n.toString(16).padStart(16, '0');
const one = (n: number, traceId = ID) => span({ traceId, spanId: idOf(n) });

/** A row of the span with this number, as ClickHouse gives it. */
function row(n: number, traceId = ID): StoredSpanRow {
  return {
    TraceId: traceId,
    SpanId: idOf(n),
    ParentSpanId: '',
    TraceState: '',
    SpanName: 'GET /cart',
    SpanKind: 'Server',
    ServiceName: 'cart',
    ResourceAttributes: {},
    ScopeName: '',
    ScopeVersion: '',
    SpanAttributes: {},
    StartUnixNano: '1700000000123456789',
    DurationNano: '1',
    StatusCode: 'Unset',
    StatusMessage: '',
    EventUnixNano: [],
    EventName: [],
    EventAttributes: [],
    LinkTraceId: [],
    LinkSpanId: [],
    LinkTraceState: [],
    LinkAttributes: [],
    Flags: 0,
  };
}

/** A reader whose store answers with `answers` in turn, the last one again and again. */
function readerOf(
  answers: readonly (readonly StoredSpanRow[])[],
  traces: Readonly<Record<string, Partial<LiveTrace>>>,
  more: { readonly answer_spans_max?: number; readonly missing?: 'away' } = {},
) {
  const clock = createManualClock();
  let asked = 0;
  const order: string[] = [];
  const live: LiveReader = {
    async traces() {
      order.push('live');
      const found = Object.entries(traces).map(
        ([id, trace]) => [id, { open: [], closedLately: new Set<string>(), ...trace }] as const,
      );
      return { traces: new Map(found), missing: more.missing ?? null };
    },
    partitions: async () => [],
  };
  const database = {
    async rows<T>(): Promise<readonly T[]> {
      order.push('stored');
      return answers[Math.min(asked++, answers.length - 1)] as unknown as readonly T[];
    },
  };
  const config = { answer_spans_max: more.answer_spans_max ?? 100, live_settle_ms: 1_000 };
  return { reader: createTraceReader(config, { database, live, clock }), clock, order };
}

const keys = (...numbers: readonly number[]) => new Set(numbers.map((n) => spanKey(one(n))));

test('Redis is asked first, and what both have counts once', async () => {
  const { reader, order } = readerOf([[row(1), row(2)]], {
    [ID]: { open: [one(3), one(2), one(3)] },
  });
  const { traces, truncated, warnings } = await reader.read([ID, OTHER]);
  expect(order).toEqual(['live', 'stored']);
  expect(traces).toMatchObject([{ traceId: ID, open: true }]);
  expect(traces[0]?.spans.map(({ spanId }) => spanId)).toEqual([1, 2, 3].map(idOf));
  expect(traces[0]?.warnings).toEqual([expect.stringContaining('1 of 3 spans')]);
  expect([truncated, warnings]).toEqual([false, []]);
});

test('a window of spans that are stored already does not make a trace open', async () => {
  const { reader } = readerOf([[row(1)]], { [ID]: { open: [one(1)], closedLately: keys(1) } });
  expect((await reader.read([ID])).traces).toMatchObject([{ open: false, warnings: [] }]);
});

test('spans of one id and another kind are two', async () => {
  const client = span({ spanId: idOf(1), kind: 3 });
  const { reader } = readerOf([[row(1)]], { [ID]: { open: [client] } });
  expect((await reader.read([ID])).traces[0]?.spans.map(({ kind }) => kind)).toEqual([2, 3]);
});

test('spans that closed a moment ago are waited for', async () => {
  const live = { [ID]: { open: [one(3)], closedLately: keys(1, 2) } };
  const { reader, clock, order } = readerOf([[], [row(1)], [row(1), row(2)]], live);
  const reading = reader.read([ID]);
  for (let i = 0; i < 3; i++) await clock.advance(200);
  const { traces } = await reading;
  expect(traces[0]?.spans).toHaveLength(3);
  expect(traces[0]?.warnings).toEqual([expect.stringContaining('1 of 3 spans')]);
  expect(order).toEqual(['live', 'stored', 'stored', 'stored']);
});

test('the wait is bounded, and what is missing is said', async () => {
  const { reader, clock, order } = readerOf([[row(1)]], { [ID]: { closedLately: keys(1, 2, 3) } });
  const reading = reader.read([ID]);
  for (let i = 0; i < 20; i++) await clock.advance(100);
  const { traces } = await reading;
  expect(traces[0]).toMatchObject({ open: false, warnings: [expect.stringMatching(/^2 spans/)] });
  expect(order.length).toBeLessThan(8);

  const none = readerOf([[]], { [ID]: { closedLately: keys(1) } });
  const looking = none.reader.read([ID]);
  for (let i = 0; i < 20; i++) await none.clock.advance(100);
  const nothing = await looking;
  expect([nothing.traces.length, nothing.warnings[0]]).toEqual([
    0,
    expect.stringMatching(/^1 spans/),
  ]);
});

test('the limit on an answer holds for stored and open spans together', async () => {
  const live = { [ID]: { open: [one(2), one(3)] }, [OTHER]: { open: [one(4, OTHER)] } };
  const cut = readerOf([[row(1)]], live, { answer_spans_max: 2 });
  const { traces, truncated } = await cut.reader.read([ID, OTHER]);
  expect(truncated).toBe(true);
  expect(traces.map(({ spans }) => spans.length)).toEqual([2]);
  const whole = readerOf([[row(1)]], live, { answer_spans_max: 4 });
  const all = await whole.reader.read([OTHER, ID, OTHER]);
  expect([all.truncated, all.traces.map(({ traceId }) => traceId)]).toEqual([false, [OTHER, ID]]);
});

test('without Redis the stored spans are the answer, with a warning on each trace', async () => {
  const { reader } = readerOf([[row(1), row(1, OTHER)]], {}, { missing: 'away' });
  const missing = expect.stringContaining('Redis does not answer');
  const { traces, warnings } = await reader.read([ID, OTHER]);
  expect(traces.map((trace) => trace.warnings)).toEqual([[missing], [missing]]);
  expect(warnings).toEqual([missing]);
  expect((await reader.stored([ID])).traces[0]?.warnings).toEqual([]);
  expect((await reader.read([])).traces).toEqual([]);
});
