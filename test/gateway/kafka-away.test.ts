import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { startTestEngines, type TestEngines } from '@spanloom/infra';
import type { Span } from '@spanloom/model';
import { encodeOtlpRequest } from '@spanloom/otlp';
import { largest, until, watchProcess } from '../process/watched-process';
import { type RunningGateway, readStored, startTestGateway } from './running-gateway';

const MAIN = join(__dirname, '..', '..', 'services', 'gateway', 'dist', 'main.js');
const MIB = 1024 * 1024;
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

interface Answer {
  readonly id: number;
  readonly code: number;
  readonly after: string | null;
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

  describe('a Kafka that is slow', () => {
    const prefix = `slow-${randomBytes(4).toString('hex')}-`;
    let child: ChildProcess;

    afterAll(async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    });

    /** A request of a quarter MiB; its spans have ids of their own. */
    const large = (id: number): Buffer =>
      encodeOtlpRequest(
        Array.from({ length: 16 }, (_, i) => ({
          ...span(id * 16 + i),
          attributes: { filler: 'x'.repeat(16_384) },
        })),
      );

    it('requests beyond the limit get 429 and Retry-After, memory is bounded, and what was acknowledged is there', async () => {
      child = spawn(process.execPath, [MAIN], {
        env: {
          PATH: process.env.PATH,
          ...engines.env,
          SPANLOOM_TOPIC_PREFIX: prefix,
          SPANLOOM_PARTITIONS: '4',
          SPANLOOM_OTLP_HTTP_PORT: '0',
          SPANLOOM_ADMIN_PORT: '0',
          SPANLOOM_INFLIGHT_BYTES_MAX: String(8 * MIB),
          SPANLOOM_COMPRESSION: 'none',
          SPANLOOM_LOG_LEVEL: 'info',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const slow = watchProcess(child);
      await until('ready', async () => (await slow.readiness())?.ok === true);
      const url = `http://127.0.0.1:${slow.lines.find((l) => l.port !== undefined)?.port}/v1/traces`;
      const post = (id: number) =>
        fetch(url, { method: 'POST', headers: HEADERS, body: large(id) });
      const answers: Answer[] = [];
      /** That many requests at the same time. */
      const wave = async (first: number, count: number): Promise<void> => {
        const ids = Array.from({ length: count }, (_, i) => first + i);
        await Promise.all(
          ids.map(async (id) => {
            const { status: code, headers } = await post(id);
            answers.push({ id, code, after: headers.get('retry-after') });
          }),
        );
      };
      const resident = () => slow.metric('process_resident_memory_bytes');
      const usual = await largest(resident, async () => {
        for (let n = 0; n < 4; n++) await wave(1 + n * 50, 50);
      });

      // Stopped for most of each second, the broker takes a fraction of what comes.
      const { pid } = engines.engine('kafka').identity;
      const slowing = setInterval(() => {
        process.kill(pid, 'SIGSTOP');
        setTimeout(() => process.kill(pid, 'SIGCONT'), 700);
      }, 800);
      const most = await largest(resident, async () => {
        for (let n = 0; n < 2; n++) await wave(1_000 + n * 500, 500);
      });
      clearInterval(slowing);
      await new Promise((resolve) => setTimeout(resolve, 800));

      const codes = new Set(answers.map(({ code }) => code));
      expect([...codes].sort().join()).toMatch(/^200,429(,503)?$/);
      for (const { code, after } of answers) expect(after).toBe(code === 200 ? null : '1');
      // A quarter of a GiB came.
      expect(most - usual).toBeLessThan(100 * MIB);
      expect(await slow.metric('spanloom_gateway_inflight_bytes')).toBe(0);
      await until('ready again', async () => (await slow.readiness())?.ok === true);
      expect((await post(5_000)).status).toBe(200);

      const found = new Set(
        (await readStored(engines.env, prefix)).map(({ span: { spanId } }) =>
          Number.parseInt(spanId, 16),
        ),
      );
      const acknowledged = [
        ...answers.filter(({ code }) => code === 200).map(({ id }) => id),
        5_000,
      ];
      for (const id of acknowledged) {
        for (let i = 0; i < 16; i++) expect(found.has(id * 16 + i)).toBe(true);
      }
      expect(acknowledged.length).toBeGreaterThan(20);
    }, 120_000);
  });
});
