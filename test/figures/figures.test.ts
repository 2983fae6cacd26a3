import { randomBytes } from 'node:crypto';
import type { Span } from '@spanloom/model';
import { type Line, startLine } from './running-line';

const SENT = 'spanloom.sent_at_unix_ms';
const START = 'spanloom.process.start_id';
const ENDED = 'spanloom.spans.ended';
const DROPPED = 'spanloom.spans.dropped';
const DAY_MS = 86_400_000;

/** As loose as JSON is: the test looks into it. */
// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape, which the test then checks
type Json = any;

let line: Line;
/** By trace: who sent it, how many spans, and when, by the producer's clock. */
const sent = new Map<
  string,
  { readonly service: string; readonly spans: number; readonly at_ms: number | null }
>();
let endTs = 0;

beforeAll(async () => {
  line = await startLine();
}, 90_000);
afterAll(() => line?.close(), 60_000);

/** A trace of so many spans of a service, now. */
function trace(service: string, spans: number, at_ms: number | null): Span[] {
  const traceId = randomBytes(16).toString('hex');
  sent.set(traceId, { service, spans, at_ms });
  const startUnixNano = BigInt(Date.now()) * 1_000_000n;
  return Array.from({ length: spans }, (_, i) => ({
    traceId,
    spanId: (i + 1).toString(16).padStart(16, '0'),
    parentSpanId: i === 0 ? '' : '0000000000000001',
    startUnixNano,
    durationNano: 1000n,
    kind: 2,
    statusCode: 0,
    service,
    name: 'work',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: { 'service.name': service },
    attributes: {},
    events: [],
    links: [],
  }));
}

const counted = (start: string, ended: number, dropped = 0) => ({
  [START]: start,
  [ENDED]: String(ended),
  [DROPPED]: String(dropped),
});

/** One batch over OTLP, sent `ago_ms` ago by its producer's clock; null: it does not say. */
async function post(
  service: string,
  spans: number,
  ago_ms: number | null,
  counters: Readonly<Record<string, string>>,
): Promise<void> {
  const at_ms = ago_ms === null ? null : Date.now() - ago_ms;
  const report = at_ms === null ? counters : { [SENT]: String(at_ms), ...counters };
  expect(await line.post(trace(service, spans, at_ms), report)).toBe(200);
}

/** One batch straight to Kafka. */
async function write(
  service: string,
  spans: number,
  ago_ms: number,
  counters: Readonly<Record<string, string>>,
): Promise<void> {
  const at_ms = Date.now() - ago_ms;
  const headers = { 'service.name': service, [SENT]: String(at_ms), ...counters };
  await line.write(trace(service, spans, at_ms), headers);
}

const range = (): string => `endTs=${endTs}&lookback=${DAY_MS}`;
async function figures(): Promise<Json> {
  const { code, text } = await line.get(`/api/pipeline?${range()}`);
  expect(code).toBe(200);
  return JSON.parse(text);
}

/** Waits until the figures say what is expected of them, and gives them. */
async function figuresOnce(holds: (found: Json) => boolean): Promise<Json> {
  const deadline_ms = Date.now() + 60_000;
  for (;;) {
    const found = await figures();
    if (holds(found)) return found;
    if (Date.now() > deadline_ms) throw new Error(`not in 60 s: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const of = (figure: Json, service: string): Json =>
  figure.services.find((row: Json) => row.service === service);

const CAPTURE = {
  // Two lives: 40 ended, 4 of them given up and 6 lost; 10 ended and stored.
  shop: {
    processes: 2,
    total: 50,
    dropped: 4,
    captured: 40,
    unreported: 0,
    missing: 6,
    rate_percent: 80,
  },
  cart: {
    processes: 1,
    total: 20,
    dropped: 0,
    captured: 20,
    unreported: 0,
    missing: 0,
    rate_percent: 100,
  },
  legacy: {
    processes: 0,
    total: 0,
    dropped: 0,
    captured: 5,
    unreported: 5,
    missing: 0,
    rate_percent: null,
  },
  ahead: {
    processes: 0,
    total: 0,
    dropped: 0,
    captured: 3,
    unreported: 3,
    missing: 0,
    rate_percent: null,
  },
} as const;
const STORED = 68;

test('what was sent comes out as the figures: capture rate by what producers report and what is stored', async () => {
  await post('shop', 10, 5_000, counted('life-a', 14, 4));
  await post('shop', 10, 2_000, counted('life-a', 40, 4));
  // Overtaken by a later report, and another life of the same service.
  await post('shop', 10, 300, counted('life-a', 24, 4));
  await post('shop', 10, null, counted('life-b', 10));
  await post('legacy', 5, null, {});
  // A clock that is an hour ahead.
  await post('ahead', 3, -3_600_000, {});
  await write('cart', 8, 1_500, counted('life-c', 8));
  await write('cart', 12, 700, counted('life-c', 19));
  // The last report of a process that has no more spans to send.
  await line.write(null, { 'service.name': 'cart', ...counted('life-c', 20) });
  endTs = Date.now() + 600_000;

  const found = await figuresOnce(
    ({ capture, transfer }) =>
      capture.overall?.captured === STORED &&
      of(capture, 'cart')?.total === 20 &&
      transfer.producer.overall?.count === 53 &&
      capture.pipeline.received === STORED &&
      capture.pipeline.open === 0,
  );
  for (const [service, expected] of Object.entries(CAPTURE)) {
    expect(of(found.capture, service)).toEqual({ service, ...expected });
  }
  expect(found.capture.overall).toEqual({
    processes: 3,
    total: 70,
    dropped: 4,
    captured: 68,
    unreported: 8,
    missing: 6,
    rate_percent: (100 * 60) / 70,
  });
  expect(found.capture.pipeline).toMatchObject({
    received: STORED,
    stored: STORED,
    missing: 0,
    rate_percent: 100,
  });
}, 90_000);

test('transfer delays are those between the send and the append that Kafka noted', async () => {
  const { transfer } = await figures();
  const appended = await line.appended();
  for (const service of ['shop', 'cart']) {
    const exact = appended.flatMap(({ at_ms, traceIds }) => {
      const from = sent.get(traceIds[0] ?? '');
      return from?.service === service && from.at_ms !== null
        ? Array.from({ length: from.spans }, () => at_ms - (from.at_ms as number))
        : [];
    });
    exact.sort((a, b) => a - b);
    const row = of(transfer.producer, service);
    expect(row).toMatchObject({
      count: exact.length,
      clamped: 0,
      min_ms: exact[0],
      max_ms: exact.at(-1),
    });
    expect(row.mean_ms).toBeCloseTo(exact.reduce((sum, ms) => sum + ms, 0) / exact.length, 6);
    for (const [column, q] of [
      ['p50_ms', 0.5],
      ['p90_ms', 0.9],
      ['p99_ms', 0.99],
    ] as const) {
      const wanted = exact[Math.ceil(q * exact.length) - 1] as number;
      expect(Math.abs(row[column] / wanted - 1)).toBeLessThanOrEqual(0.01);
    }
  }
  expect(of(transfer.producer, 'ahead')).toMatchObject({
    count: 3,
    clamped: 3,
    min_ms: 0,
    max_ms: 0,
  });
  // What does not say when it was sent has only the gateway's part; what passes the gateway by has none of it.
  expect(of(transfer.producer, 'legacy')).toBeUndefined();
  expect(of(transfer.gateway, 'legacy').count).toBe(5);
  expect(of(transfer.gateway, 'cart')).toBeUndefined();
  expect(transfer.gateway.overall.count).toBe(48);
});

test('storage delays are there for every span that is stored, and analysis delays for every question', async () => {
  for (let i = 0; i < 3; i++) expect((await line.get('/api/latency?service=shop')).code).toBe(200);
  expect((await line.get('/api/latency?window=x')).code).toBe(400);
  const route = '/api/latency';
  const { storage, analysis } = await figuresOnce(
    (found) => found.analysis[route]?.overall.count === 3,
  );
  for (const leg of ['whole', 'closed']) {
    for (const [service, { captured }] of Object.entries(CAPTURE)) {
      expect(of(storage[leg], service)).toMatchObject({ count: captured, clamped: 0 });
    }
    expect(storage[leg].overall.count).toBe(STORED);
  }
  // A window stays open for a grace of a second at least.
  expect(storage.whole.overall.min_ms).toBeGreaterThan(storage.closed.overall.min_ms);
  expect(of(analysis[route], 'shop')).toMatchObject({ count: 3, clamped: 0 });
  expect(analysis.all.overall.count).toBe(3);
});

test('JSON, Prometheus and SQL say the same', async () => {
  const json = await figures();
  const { code, text } = await line.get(`/api/pipeline/metrics?${range()}`);
  expect(code).toBe(200);
  const samples = new Map(
    text
      .split('\n')
      .filter((row) => row !== '' && !row.startsWith('#'))
      .map((row) => [
        row.slice(0, row.lastIndexOf(' ')),
        Number(row.slice(row.lastIndexOf(' ') + 1)),
      ]),
  );
  const params = {
    start_s: Date.parse(json.start) / 1000,
    end_s: Date.parse(json.end) / 1000,
  };
  const view = (name: string) =>
    `${name}(start_at = {start_s:UInt32}, end_at = {end_s:UInt32}, services_max = 100)`;

  const capture = await line.clickhouse.query<Json>(
    `SELECT * FROM ${view('pipeline_capture')}`,
    params,
  );
  expect(capture).toHaveLength(Object.keys(CAPTURE).length + 1);
  for (const row of capture) {
    const answer = row.Overall === 1 ? json.capture.overall : of(json.capture, row.ServiceName);
    const ratio = samples.get(`spanloom_pipeline_capture_ratio{service="${row.ServiceName}"}`);
    expect(answer.rate_percent).toBe(row.RatePercent);
    expect(ratio ?? null).toBe(row.RatePercent === null ? null : row.RatePercent / 100);
    expect(answer.total).toBe(row.Total);
    expect(samples.get(`spanloom_pipeline_spans_ended{service="${row.ServiceName}"}`)).toBe(
      row.Total,
    );
  }

  const delays = await line.clickhouse.query<Json>(
    `SELECT * FROM ${view('pipeline_delay')}`,
    params,
  );
  expect(new Set(delays.map(({ Figure }) => Figure))).toEqual(
    new Set(['transfer', 'storage', 'analysis']),
  );
  for (const row of delays) {
    const leg = json[row.Figure][row.Leg];
    const answer = row.Overall === 1 ? leg.overall : of(leg, row.ServiceName);
    const labels = `figure="${row.Figure}",leg="${row.Leg}",service="${row.ServiceName}"`;
    expect(answer.p99_ms).toBe(row.P99Ms);
    expect(samples.get(`spanloom_pipeline_delay_seconds{${labels},quantile="0.99"}`)).toBe(
      row.P99Ms / 1000,
    );
    expect(answer.mean_ms).toBe(row.MeanMs);
    expect(samples.get(`spanloom_pipeline_delay_mean_seconds{${labels}}`)).toBe(row.MeanMs / 1000);
  }
});

test('after a restart, a repeated report and a repeated batch change no count of what was captured', async () => {
  await line.restart();
  expect(await line.report('shop', counted('life-a', 40, 4))).toBe(200);
  expect(await line.report('shop', counted('life-b', 7))).toBe(200);
  await post('shop', 4, null, counted('life-b', 14));
  const { capture } = await figuresOnce(
    (found) => of(found.capture, 'shop').total === 54 && of(found.capture, 'shop').captured === 44,
  );
  expect(of(capture, 'shop')).toMatchObject({ processes: 2, dropped: 4, missing: 6 });
  expect(of(capture, 'cart')).toEqual({ service: 'cart', ...CAPTURE.cart });
}, 60_000);

test('services beyond the limit are taken together, and bad parameters are refused', async () => {
  const { text } = await line.get(`/api/pipeline?${range()}&services=1`);
  const { capture } = JSON.parse(text);
  expect(capture.services.map((row: Json) => row.service)).toEqual(['shop', 'other']);
  expect(capture.services[1].captured).toBe(28);
  expect((await line.get('/api/pipeline?lookback=soon')).code).toBe(400);
  const { text: description } = await line.get('/openapi.json');
  expect(Object.keys(JSON.parse(description).paths)).toContain('/api/pipeline');
});
