import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  createOtlpDecoder,
  DEFAULT_OTLP_LIMITS,
  encodeOtlpJson,
  encodeOtlpRequest,
} from '@spanloom/otlp';
import { createLogger, createManualClock, createMetrics, systemClock } from '@spanloom/runtime';
import { createByteBudget } from '../src/byte-budget';
import { createExportHandler, type ExportConfig } from '../src/export-handler';
import { type HttpServer, startHttpServer } from '../src/http-server';
import { createKafkaGate } from '../src/kafka-gate';
import { createGatewayMetrics } from '../src/metrics';
import { testSpan } from './spans';

const HTTP = {
  otlp_http_port: 0,
  otlp_http_host: '127.0.0.1',
  connections_max: 100,
  request_timeout_ms: 5000,
  keep_alive_timeout_ms: 5000,
  drain_timeout_ms: 500,
};
const BODY_BYTES_MAX = 200_000;

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** A store that keeps its spans waiting: `asked` resolves when the first have come to it. */
function slowStore() {
  let come: () => void = () => undefined;
  let stored: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    come = resolve;
  });
  const held = new Promise<void>((resolve) => {
    stored = resolve;
  });
  const store = () => {
    come();
    return held;
  };
  return { store, asked, stored: () => stored() };
}

/** The HTTP side of the gateway as it is, in front of a packer that the test answers for. */
async function startFront(
  store: () => Promise<void> = async () => undefined,
  change: Partial<ExportConfig & { inflight_bytes_max: number }> = {},
) {
  const logger = createLogger({ service: 'test', level: 'error' });
  const clock = createManualClock();
  const budget = createByteBudget(change.inflight_bytes_max ?? 1_000_000, () => undefined);
  const gate = createKafkaGate({ probe_ms: 1000, clock }, () => undefined);
  const state = { draining: false, reportsWritten: true };
  const metrics = createMetrics('gateway');
  const handler = createExportHandler(
    { body_bytes_max: BODY_BYTES_MAX, requests_max: 100, retry_after_s: 7, ...change },
    {
      decoder: createOtlpDecoder(DEFAULT_OTLP_LIMITS),
      packer: {
        async add() {
          await store();
          return null;
        },
      },
      transfer: {
        report: ({ all }) => all.map(({ service, spans }) => ({ service, spans, sentAt_ms: null })),
        appended: () => undefined,
        write: async () => state.reportsWritten,
      },
      budget,
      gate,
      metrics: createGatewayMetrics(metrics),
      logger,
      clock,
      isDraining: () => state.draining,
    },
  );
  const server = await startHttpServer(HTTP, { handler, logger, clock: systemClock });
  open.push(server);
  return {
    url: `http://127.0.0.1:${server.port}/v1/traces`,
    server,
    budget,
    gate,
    clock,
    state,
    metrics,
  };
}

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };
const request = encodeOtlpRequest([testSpan(1, 1), testSpan(1, 2)]);

function post(url: string, body: Buffer | string, headers: Record<string, string> = PROTOBUF) {
  return fetch(url, { method: 'POST', body, headers });
}

describe('a sound request', () => {
  it.each([
    ['protobuf', request, PROTOBUF, 0],
    ['protobuf in gzip', gzipSync(request), { ...PROTOBUF, 'content-encoding': 'gzip' }, 0],
    ['JSON', encodeOtlpJson([testSpan(1, 1)]), JSON_TYPE, 2],
  ])('in %s is answered with 200 in its own type', async (_, body, headers, bytes) => {
    const { url, budget } = await startFront();
    const response = await post(url, body, headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(headers['content-type']);
    expect((await response.arrayBuffer()).byteLength).toBe(bytes);
    expect(budget.held).toBe(0);
  });

  it('waits for its spans to be stored', async () => {
    const { store, asked, stored } = slowStore();
    const { url } = await startFront(store);
    let answered = false;
    const response = post(url, request).then((answer) => {
      answered = true;
      return answer;
    });
    await asked;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    stored();
    expect((await response).status).toBe(200);
  });
});

describe('a request that is refused', () => {
  it.each([
    ['another path', '/v1/metrics', 'POST', PROTOBUF, 404],
    ['another method', '/v1/traces', 'PUT', PROTOBUF, 405],
    ['another content type', '/v1/traces', 'POST', { 'content-type': 'text/plain' }, 415],
    ['another encoding', '/v1/traces', 'POST', { ...PROTOBUF, 'content-encoding': 'br' }, 415],
  ])('for %s', async (_, path, method, headers, status) => {
    const { url } = await startFront();
    const response = await fetch(new URL(path, url), {
      method,
      headers,
      body: request,
    });
    expect(response.status).toBe(status);
    await response.arrayBuffer();
  });

  it.each([
    ['broken protobuf', Buffer.from('0aff01', 'hex'), PROTOBUF, /invalid protobuf/],
    ['broken JSON', '{"resourceSpans":[', JSON_TYPE, /invalid JSON/],
    ['broken gzip', 'not gzip', { ...JSON_TYPE, 'content-encoding': 'gzip' }, /invalid gzip/],
    [
      'half a gzip',
      gzipSync(Buffer.alloc(50_000, 'x')).subarray(0, 30),
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      /invalid gzip/,
    ],
  ])('as %s gets 400 and a reason', async (_, body, headers, reason) => {
    const { url, budget } = await startFront();
    const response = await post(url, body, headers);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe(headers['content-type']);
    expect(await response.text()).toMatch(reason);
    expect(budget.held).toBe(0);
  });

  it.each([
    ['announced', (url: string) => post(url, Buffer.alloc(BODY_BYTES_MAX + 1))],
    [
      'in chunks',
      (url: string) =>
        fetch(url, {
          method: 'POST',
          headers: PROTOBUF,
          duplex: 'half',
          body: new Blob([Buffer.alloc(BODY_BYTES_MAX + 1)]).stream(),
        } as RequestInit),
    ],
    [
      'out of gzip',
      (url: string) =>
        post(url, gzipSync(Buffer.alloc(100_000_000)), { ...PROTOBUF, 'content-encoding': 'gzip' }),
    ],
  ])('for a body that is too large, %s, gets 413', async (_, send) => {
    const { url, budget } = await startFront();
    const response = await send(url);
    expect(response.status).toBe(413);
    await response.arrayBuffer();
    expect(budget.held).toBe(0);
  });
});

describe('a request at a bad time', () => {
  async function expectLater(response: Response, status: number): Promise<void> {
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe('7');
    await response.arrayBuffer();
  }

  it('gets 429 while too many bytes are in flight', async () => {
    const { url, budget } = await startFront(undefined, { inflight_bytes_max: 5000 });
    budget.take(4990);
    await expectLater(await post(url, request), 429);
    budget.giveBack(4990);
    expect((await post(url, request)).status).toBe(200);
  });

  it('gets 429 while too many requests are in progress', async () => {
    const { store, asked, stored } = slowStore();
    const { url } = await startFront(store, { requests_max: 1 });
    const first = post(url, request);
    await asked;
    await expectLater(await post(url, request), 429);
    stored();
    expect((await first).status).toBe(200);
  });

  it('without spans gets 503 when its report was not written, and 200 when it was', async () => {
    const { url, state } = await startFront();
    const attributes = [{ key: 'spanloom.spans.ended', value: { intValue: '3' } }];
    const body = JSON.stringify({ resourceSpans: [{ resource: { attributes } }] });
    expect((await post(url, body, JSON_TYPE)).status).toBe(200);
    state.reportsWritten = false;
    await expectLater(await post(url, body, JSON_TYPE), 503);
    // Nothing was reported: there is nothing to write.
    expect((await post(url, '{}', JSON_TYPE)).status).toBe(200);
  });

  it('gets 503 when its spans were not stored', async () => {
    const { url, budget } = await startFront(() => Promise.reject(new Error('no answer')));
    await expectLater(await post(url, request), 503);
    expect(budget.held).toBe(0);
  });

  it('gets 503 while Kafka is away, but for one in a while that looks whether it is back', async () => {
    const { url, gate, clock } = await startFront();
    gate.report(false);
    await expectLater(await post(url, request), 503);
    await clock.advance(1001);
    expect((await post(url, request)).status).toBe(200);
    await expectLater(await post(url, request), 503);
    gate.report(true);
    expect((await post(url, request)).status).toBe(200);
  });

  it('gets 503 while the gateway stops', async () => {
    const { url, state } = await startFront();
    state.draining = true;
    await expectLater(await post(url, request), 503);
  });
});

describe('the server', () => {
  it('finishes requests in progress when it closes, and takes no new connections', async () => {
    const { store, asked, stored } = slowStore();
    const { url, server } = await startFront(store);
    const response = post(url, request);
    await asked;
    const closed = server.close();
    await expect(post(url, request)).rejects.toThrow();
    stored();
    expect((await response).status).toBe(200);
    await closed;
  });

  it('gives back what it held for a client that goes away in the middle', async () => {
    const { url, budget } = await startFront();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(
      'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{"resource',
    );
    while (budget.held === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    while (budget.held > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('says which port is in use', async () => {
    const { server } = await startFront();
    const handler = () => Promise.resolve(null);
    const logger = createLogger({ service: 'test', level: 'error' });
    await expect(
      startHttpServer(
        { ...HTTP, otlp_http_port: server.port },
        { handler, logger, clock: systemClock },
      ),
    ).rejects.toMatchObject({ code: 'port-in-use' });
  });
});
