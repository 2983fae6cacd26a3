import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = join(__dirname, '..', '..', 'services', 'cli', 'bin', 'spanloom.js');
const PORTS = [
  'SPANLOOM_OTLP_HTTP_PORT',
  'SPANLOOM_QUERY_PORT',
  ...['GATEWAY', 'ASSEMBLER', 'LATENCY', 'ANOMALY', 'SINK', 'QUERY'].map(
    (s) => `SPANLOOM_${s}_ADMIN_PORT`,
  ),
];
const home = mkdtempSync(join(tmpdir(), 'spanloom-demo-'));
const name = `demo_${randomUUID().slice(0, 8)}`;
const env: NodeJS.ProcessEnv = {
  ...process.env,
  SPANLOOM_HOME: home,
  SPANLOOM_TOPIC_PREFIX: `${name}-`,
  SPANLOOM_PARTITIONS: '4',
  CLICKHOUSE_DATABASE: name,
};

beforeAll(async () => {
  const servers = await Promise.all(PORTS.map(() => listen()));
  for (const [i, server] of servers.entries()) {
    env[PORTS[i] as string] = String((server.address() as { port: number }).port);
  }
  await Promise.all(servers.map((s) => new Promise((resolve) => s.close(resolve))));
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

function listen(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function spanloom(args: readonly string[]) {
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended, output: () => stdout };
}

describe('spanloom demo', () => {
  test('--once stores every span as it was sent, and says so in its last line', async () => {
    const run = spanloom(['demo', '--once', '--traces', '120', '--seed', '5', '--json']);
    const { code, stdout, stderr } = await run.ended;
    const last = JSON.parse(stdout.trim().split('\n').pop() ?? '{}');
    expect({ code, last, stderr }).toMatchObject({
      code: 0,
      last: { traces_sent: 120, traces_stored: 120, lost: 0, duplicated: 0, corrupted: 0 },
    });
    expect(last.spans_stored).toBe(last.spans_sent);
    expect(last.spans_sent).toBeGreaterThan(1000);
    expect(Object.keys(last)).toEqual([
      'traces_sent',
      'spans_sent',
      'traces_stored',
      'spans_stored',
      'lost',
      'duplicated',
      'corrupted',
      'seconds',
      'p50_ms',
      'p99_ms',
    ]);
    expect(last.p50_ms).toBeGreaterThan(0);
    expect(last.p99_ms).toBeGreaterThanOrEqual(last.p50_ms);
  }, 180_000);

  test('without --once it goes on until Ctrl-C, then stops everything', async () => {
    const run = spanloom(['demo', '--rate', '20']);
    while (!/traces finished [1-9]/.test(run.output()) && run.child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    run.child.kill('SIGINT');
    const { code, stdout } = await run.ended;
    expect(stdout).toMatch(/npx spanloom sql "SELECT/);
    expect(stdout).toMatch(/stopped\.\n$/);
    expect(code).toBe(0);
  }, 180_000);

  test('a port that is taken is an error that names how to move it', async () => {
    const server = createServer().listen(Number(env.SPANLOOM_OTLP_HTTP_PORT), '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { code, stderr } = await spanloom(['demo', '--once']).ended;
    await new Promise((resolve) => server.close(resolve));
    expect(code).toBe(1);
    expect(stderr).toMatch(/SPANLOOM_OTLP_HTTP_PORT/);
  }, 60_000);

  test.each([
    ['--traces', '0'],
    ['--rate', 'fast'],
    ['--seed', '-1'],
  ])('%s %s is refused with what it should be', async (flag, value) => {
    const { code, stderr } = await spanloom(['demo', '--once', flag, value]).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`${flag}: .*whole number from`));
  });
});
