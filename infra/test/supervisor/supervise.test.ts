import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '@spanloom/runtime';
import { isRunning, type ProcessIdentity } from '../../src/process/identity';
import { freePorts } from '../../src/process/ports';
import { repositoryRoot } from '../../src/repository';
import { startDetached } from '../../src/supervisor/detach';
import { parseCopies } from '../../src/supervisor/services';
import { readState } from '../../src/supervisor/state';
import { readStatus } from '../../src/supervisor/status';
import { stopRun } from '../../src/supervisor/stop-recorded';

/** Stands in for a service: answers on the admin port, writes down that it was asked to stop. */
const STAND_IN = `
const name = __dirname.split('/').at(-2);
if (process.env.BROKEN === name) { console.log('the reason'); process.exit(1); }
require('node:http').createServer((_, answer) => answer.end()).listen(process.env.SPANLOOM_ADMIN_PORT, '127.0.0.1');
process.on('SIGTERM', () => {
  require('node:fs').appendFileSync(process.env.STOP_LOG, name + '\\n');
  process.exit(0);
});
`;

const logger = createLogger({ service: 'test', level: 'silent' });
const deps = { clock: systemClock, logger };
let folder: string;
let root: string;
let env: NodeJS.ProcessEnv;
let options: Parameters<typeof startDetached>[0];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spanloom-supervisor-'));
  root = join(folder, '.spanloom');
  for (const name of ['gateway', 'assembler', 'latency', 'anomaly', 'sink', 'query']) {
    const dist = join(folder, 'services', name, 'dist');
    mkdirSync(dist, { recursive: true });
    writeFileSync(join(dist, 'main.js'), STAND_IN);
  }
  symlinkSync(join(repositoryRoot(), 'infra'), join(folder, 'infra'));
  const [kafka = 0, registry = 0, redis = 0, clickhouse = 0, gateway, query, ...admin] =
    await freePorts(12);
  env = {
    ...process.env,
    KAFKA_BROKERS: '',
    SCHEMA_REGISTRY_URL: '',
    REDIS_URL: '',
    CLICKHOUSE_URL: '',
    STOP_LOG: join(folder, 'stops'),
    SPANLOOM_OTLP_HTTP_PORT: String(gateway),
    SPANLOOM_QUERY_PORT: String(query),
    SPANLOOM_GATEWAY_ADMIN_PORT: String(admin[0]),
    SPANLOOM_ASSEMBLER_ADMIN_PORT: String(admin[1]),
    SPANLOOM_LATENCY_ADMIN_PORT: String(admin[2]),
    SPANLOOM_SINK_ADMIN_PORT: String(admin[3]),
    SPANLOOM_QUERY_ADMIN_PORT: String(admin[4]),
    SPANLOOM_ANOMALY_ADMIN_PORT: String(admin[5]),
  };
  options = {
    kind: 'local',
    root,
    repository: folder,
    ports: { kafka, registry, redis, clickhouse },
    copies: parseCopies('assembler=2'),
    enginesOnly: false,
  };
});

afterAll(async () => {
  await stopRun(root, deps);
  rmSync(folder, { recursive: true, force: true });
});

const identities = (): readonly ProcessIdentity[] =>
  (readState(root)?.processes ?? []).flatMap(({ identity }) => (identity ? [identity] : []));

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error('did not come about in time');
    await systemClock.sleep(100);
  }
}

test('up in the background, a killed service comes back, down stops all in order', async () => {
  const state = await startDetached(options, { env, clock: systemClock });
  expect(state.processes.map(({ name }) => name).sort()).toEqual([
    'anomaly',
    'assembler',
    'assembler-2',
    'clickhouse',
    'gateway',
    'kafka',
    'latency',
    'query',
    'redis',
    'registry',
    'sink',
  ]);
  const status = await readStatus(root, { env, logger });
  expect(status.status).toBe('running');
  expect(status.processes.every(({ health }) => health === 'ready' || health === 'up')).toBe(true);

  await expect(startDetached(options, { env, clock: systemClock })).rejects.toMatchObject({
    code: 'usage',
  });

  const of = (name: string) => readState(root)?.processes.find((record) => record.name === name);
  const before = of('assembler-2')?.identity as ProcessIdentity;
  process.kill(before.pid, 'SIGKILL');
  await until(() => (of('assembler-2')?.restarts ?? 0) === 1);
  expect(of('assembler-2')?.identity?.pid).not.toBe(before.pid);
  await until(async () => {
    const { processes } = await readStatus(root, { env, logger });
    return processes.every(({ health }) => health === 'ready' || health === 'up');
  });

  const all = [...identities(), state.supervisor];
  expect(all).toHaveLength(12);
  expect(await stopRun(root, deps)).toEqual({ kind: 'stopped', processes: 11 });
  expect(all.filter(isRunning)).toEqual([]);
  expect(readState(root)).toBeNull();
  const stops = readFileSync(join(folder, 'stops'), 'utf8').trim().split('\n');
  expect(stops).toEqual([
    'gateway',
    'assembler',
    'assembler',
    'latency',
    'anomaly',
    'sink',
    'query',
  ]);
  expect(await stopRun(root, deps)).toEqual({ kind: 'nothing-ran' });
}, 120_000);

test('a service that cannot start is the error of the whole, with the end of its log', async () => {
  const broken = { ...env, BROKEN: 'sink' };
  const start = startDetached(options, { env: broken, clock: systemClock });
  await expect(start).rejects.toThrow(/sink ended while it started.*the reason/s);
  expect(identities().filter(isRunning)).toEqual([]);
  expect((await readStatus(root, { env, logger })).status).toBe('failed');
}, 120_000);

test('when the supervisor is killed nothing it started is left after down', async () => {
  const state = await startDetached({ ...options, enginesOnly: true }, { env, clock: systemClock });
  const all = identities();
  expect(all).toHaveLength(4);
  process.kill(state.supervisor.pid, 'SIGKILL');
  await until(() => !isRunning(state.supervisor));
  await stopRun(root, deps);
  expect(all.filter(isRunning)).toEqual([]);
}, 120_000);
