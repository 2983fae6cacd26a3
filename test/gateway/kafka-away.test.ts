import { startTestEngines, type TestEngines } from '@spanloom/infra';
import type { Span } from '@spanloom/model';
import { encodeOtlpRequest } from '@spanloom/otlp';
import { type RunningGateway, startTestGateway } from './running-gateway';

const HEADERS = { 'content-type': 'application/x-protobuf' };

function span(id: number): Span {
  return {
    traceId: id.toString(16).padStart(32, 'e0'),
    spanId: id.toString(16).padStart(16, '0'),
    parentSpanId: '',
    startUnixNano: 1n,
    durationNano: 1n,
    kind: 0,
    statusCode: 0,
    service: 's',
    name: 'n',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: { 'service.name': 's' },
    attributes: {},
    events: [],
    links: [],
  };
}

describe('while Kafka is away', () => {
  let engines: TestEngines;
  let gateway: RunningGateway;

  beforeAll(async () => {
    engines = await startTestEngines({ engines: ['kafka', 'registry'] });
    gateway = await startTestGateway(engines.env, { SPANLOOM_PRODUCE_TIMEOUT_MS: '1000' });
  }, 120_000);

  afterAll(async () => {
    await gateway.stop();
    await engines.stop();
  }, 60_000);

  const send = (id: number): Promise<Response> =>
    fetch(gateway.url, { method: 'POST', headers: HEADERS, body: encodeOtlpRequest([span(id)]) });

  it('requests get 503 and Retry-After; once it is back they are stored, and none that was acknowledged is lost', async () => {
    expect((await send(1)).status).toBe(200);
    await engines.kill('kafka');
    const refused = await send(2);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await send(3)).status).toBe(503);
    gateway.health.setReady(true);
    expect(gateway.health.ready()).toMatchObject({ ok: false });

    await engines.restart('kafka');
    const deadline_ms = Date.now() + 60_000;
    let code = 503;
    while (code !== 200 && Date.now() < deadline_ms) {
      code = (await send(4)).status;
      if (code !== 200) await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(code).toBe(200);
    expect(gateway.health.ready()).toEqual({ ok: true });
    const stored = (await gateway.stored()).map((found) => Number.parseInt(found.span.spanId, 16));
    expect(stored).toEqual(expect.arrayContaining([1, 4]));
  }, 120_000);
});
