import {
  type AdminServer,
  createHealth,
  createLogger,
  createManualClock,
  createMetrics,
  startAdminServer,
} from '../src';

const logger = createLogger({ service: 'test', level: 'silent' });
const metrics = createMetrics('demo');
const health = createHealth(createManualClock());
let server: AdminServer;

beforeAll(async () => {
  server = await startAdminServer({ port: 0, health, metrics, logger });
});
afterAll(() => server.close());

const get = (path: string, method = 'GET'): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { method });

test('probes answer 200 or 503 with the reason', async () => {
  const before = await get('/readyz');
  expect([before.status, await before.json()]).toEqual([503, { ok: false, why: 'starting' }]);
  health.setReady(true);
  const after = await get('/readyz?verbose');
  expect([after.status, await after.json()]).toEqual([200, { ok: true }]);
  expect((await get('/livez')).status).toBe(200);
});

test('metrics are exposed', async () => {
  metrics.counter({ name: 'spanloom_demo_x_total', help: 'X.' }).inc();
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toContain('text/plain');
  expect(await response.text()).toContain('spanloom_demo_x_total 1');
});

test('anything else is refused', async () => {
  expect((await get('/')).status).toBe(404);
  expect((await get('/livez', 'POST')).status).toBe(405);
});

test('a port in use is a clear error', async () => {
  await expect(
    startAdminServer({ port: server.port, health, metrics, logger }),
  ).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining(`port ${server.port} is in use`),
  });
});
