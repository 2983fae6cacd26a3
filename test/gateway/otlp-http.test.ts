import { gzipSync } from 'node:zlib';
import { tracePartition } from '@spanloom/kafka';
import type { Span } from '@spanloom/model';
import { encodeOtlpJson, encodeOtlpRequest } from '@spanloom/otlp';
import { type RunningGateway, startTestGateway } from './running-gateway';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };
const GZIP = { 'content-encoding': 'gzip' };

let next = 1;

/** A span with ids of its own. */
function newSpan(change: Partial<Span> = {}): Span {
  const id = (next++).toString(16);
  return {
    traceId: id.padStart(32, 'a0'),
    spanId: id.padStart(16, '0'),
    parentSpanId: '',
    startUnixNano: 1_700_000_000_123_456_789n,
    durationNano: 987_654_321n,
    kind: 2,
    statusCode: 2,
    service: 'cart',
    name: 'GET /cart ✓',
    traceState: 'vendor=1',
    flags: 257,
    statusMessage: 'no stock',
    scopeName: 'lib',
    scopeVersion: '1.2',
    resourceAttributes: { 'service.name': 'cart', 'host.name': 'h1' },
    attributes: { 'http.method': 'GET', empty: '' },
    events: [{ timeUnixNano: 1_700_000_000_200_000_000n, name: 'retry', attributes: { n: '1' } }],
    links: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceState: '', attributes: {} }],
    ...change,
  };
}

function post(url: string, body: Buffer | string, headers: Record<string, string> = PROTOBUF) {
  return fetch(url, { method: 'POST', body, headers });
}

/** Sends a span's request and gives what is stored of its trace. */
async function storedOf(gateway: RunningGateway, traceId: string): Promise<readonly Span[]> {
  const all = await gateway.stored();
  return all.map(({ span }) => span).filter((span) => span.traceId === traceId);
}

describe('OTLP over HTTP into Kafka', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(process.env);
  }, 60_000);
  afterAll(() => gateway.stop());

  it.each([
    ['protobuf', encodeOtlpRequest, PROTOBUF],
    ['protobuf in gzip', (s: Span[]) => gzipSync(encodeOtlpRequest(s)), { ...PROTOBUF, ...GZIP }],
    ['JSON', encodeOtlpJson, JSON_TYPE],
    ['JSON in gzip', (s: Span[]) => gzipSync(encodeOtlpJson(s)), { ...JSON_TYPE, ...GZIP }],
  ])('stores what came as %s, before it answers', async (_, encode, headers) => {
    const spans = [newSpan(), newSpan({ kind: 3, links: [], events: [] }), newSpan()];
    const response = await post(gateway.url, encode(spans), headers);
    expect(response.status).toBe(200);
    for (const span of spans) expect(await storedOf(gateway, span.traceId)).toEqual([span]);
  });

  it('puts every span into the partition of its trace, keyed by a trace of that partition', async () => {
    await post(gateway.url, encodeOtlpRequest(Array.from({ length: 200 }, () => newSpan())));
    for (const { partition, key, span } of await gateway.stored()) {
      expect(tracePartition(span.traceId, 4)).toBe(partition);
      expect(tracePartition(key, 4)).toBe(partition);
    }
  });

  it('takes the good spans of a request and says what was wrong with the others', async () => {
    const good = newSpan();
    const body = encodeOtlpRequest([
      good,
      newSpan({ traceId: 'abcd' }),
      newSpan({ durationNano: -5n }),
    ]);
    const response = await post(gateway.url, body);
    expect(response.status).toBe(200);
    const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
    expect(text).toContain('trace_id has 2 bytes, not 16');
    expect(await storedOf(gateway, good.traceId)).toEqual([good]);
    const { body: exposed } = await gateway.metrics.expose();
    expect(exposed).toMatch(/spans_rejected_total\{reason="duration"\} 1/);
    expect(exposed).toMatch(/spans_rejected_total\{reason="trace-id"\} 1/);
  });

  it('names the service of a span that names none', async () => {
    const span = newSpan({ service: '', resourceAttributes: {} });
    expect((await post(gateway.url, encodeOtlpRequest([span]))).status).toBe(200);
    expect(await storedOf(gateway, span.traceId)).toEqual([
      { ...span, service: 'unknown_service' },
    ]);
  });

  it('cuts an attribute of 5 MB and marks the span', async () => {
    const span = newSpan({ attributes: { huge: 'x'.repeat(5_000_000), small: 'y' } });
    expect((await post(gateway.url, encodeOtlpRequest([span]))).status).toBe(200);
    const [stored] = await storedOf(gateway, span.traceId);
    expect(stored?.attributes).toEqual({
      huge: 'x'.repeat(65_536),
      small: 'y',
      'spanloom.truncated': '1',
    });
  });

  it('takes 100,000 spans of one trace in one request', async () => {
    const traceId = 'feed'.repeat(8);
    const spans = Array.from({ length: 100_000 }, () => newSpan({ traceId }));
    expect((await post(gateway.url, encodeOtlpRequest(spans))).status).toBe(200);
    const ids = new Set((await storedOf(gateway, traceId)).map((span) => span.spanId));
    expect(ids.size).toBe(100_000);
  }, 60_000);

  it.each([
    ['protobuf', Buffer.from('0aff01', 'hex'), PROTOBUF],
    ['JSON', '{"resourceSpans":[{"scopeSpans":7}]}', JSON_TYPE],
  ])('stores nothing of broken %s', async (_, body, headers) => {
    const before = (await gateway.stored()).length;
    const response = await post(gateway.url, body, headers);
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/invalid protobuf|must be an array/);
    expect(await gateway.stored()).toHaveLength(before);
  });

  it('answers a small body that unpacks to 1 GB with 413, without unpacking it', async () => {
    const bomb = Buffer.concat(Array(10).fill(gzipSync(Buffer.alloc(100_000_000))));
    const response = await post(gateway.url, bomb, { ...PROTOBUF, ...GZIP });
    expect(response.status).toBe(413);
  });

  it('keeps serving many clients at once', async () => {
    const spans = Array.from({ length: 300 }, () => newSpan());
    const responses = await Promise.all(
      spans.map((s) => post(gateway.url, encodeOtlpRequest([s]))),
    );
    expect(responses.every((response) => response.status === 200)).toBe(true);
    const stored = new Set((await gateway.stored()).map(({ span }) => span.spanId));
    expect(spans.every((span) => stored.has(span.spanId))).toBe(true);
  });
});

it('answers 429 to what is over its bytes in flight, and stores the rest', async () => {
  const gateway = await startTestGateway(process.env, {
    SPANLOOM_INFLIGHT_BYTES_MAX: '70000',
    SPANLOOM_LINGER_MS: '200',
  });
  try {
    const attributes = { text: 'x'.repeat(20_000) };
    const spans = Array.from({ length: 10 }, () => newSpan({ attributes }));
    const codes = await Promise.all(
      spans.map(async (span) => {
        const response = await post(gateway.url, encodeOtlpRequest([span]));
        if (response.status === 429) expect(response.headers.get('retry-after')).toBe('1');
        return response.status;
      }),
    );
    expect(codes.filter((code) => code === 429).length).toBeGreaterThan(0);
    const taken = spans.filter((_, i) => codes[i] === 200).map((span) => span.spanId);
    expect(taken.length).toBeGreaterThan(0);
    const stored = (await gateway.stored()).map(({ span }) => span.spanId);
    expect(stored.sort()).toEqual(taken.sort());
  } finally {
    await gateway.stop();
  }
}, 60_000);

it('finishes what it has taken when it stops', async () => {
  const gateway = await startTestGateway(process.env, { SPANLOOM_LINGER_MS: '1000' });
  const answer = post(gateway.url, encodeOtlpRequest([newSpan()]));
  while (!/^spanloom_gateway_inflight_bytes [1-9]/m.test((await gateway.metrics.expose()).body)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const stopped = gateway.stop();
  expect((await answer).status).toBe(200);
  await stopped;
  await expect(post(gateway.url, encodeOtlpRequest([newSpan()]))).rejects.toThrow();
}, 60_000);
