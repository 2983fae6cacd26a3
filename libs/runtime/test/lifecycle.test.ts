import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly lines: Line[];
  /** Resolves with the first line that says this. */
  said(message: string): Promise<Line>;
  /** Resolves with the exit code when the process has ended and all it wrote was read. */
  readonly exited: Promise<number | null>;
}

const fixture = (name: string): string => join(__dirname, 'fixtures', name);

function run(env: Record<string, string> = {}): Running {
  const child = spawn(
    process.execPath,
    ['-r', fixture('typescript-hook.cjs'), fixture('service.ts')],
    {
      env: { PATH: process.env.PATH, ...env },
    },
  );
  const lines: Line[] = [];
  const reader = createInterface(child.stdout);
  reader.on('line', (line) => void lines.push(JSON.parse(line)));
  const said = async (message: string): Promise<Line> => {
    for (;;) {
      const found = lines.find((line) => line.message.includes(message));
      if (found) return found;
      await once(reader, 'line');
    }
  };
  return {
    child,
    lines,
    said,
    exited: once(child, 'close').then(([code]) => code as number | null),
  };
}

const messages = (running: Running): string[] => running.lines.map((line) => line.message);

test('a service starts, says how it is configured, answers probes, and stops in reverse order', async () => {
  const service = run();
  await service.said('started');
  const { admin_port } = await service.said('admin server listens');
  expect((await fetch(`http://127.0.0.1:${admin_port}/readyz`)).status).toBe(200);
  const metrics = await (await fetch(`http://127.0.0.1:${admin_port}/metrics`)).text();
  expect(metrics).toContain('process_cpu_seconds_total');
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
  expect(service.lines[0]).toMatchObject({ message: 'starting', config: { behaviour: 'well' } });
  expect(messages(service).slice(-3)).toEqual(['second stopped', 'first stopped', 'stopped']);
  expect(await service.said('second stopped')).toMatchObject({ aborted: true });
});

test('a second signal ends it at once', async () => {
  const service = run({ SPANLOOM_BEHAVIOUR: 'hang-stop' });
  await service.said('started');
  service.child.kill('SIGINT');
  await service.said('stopping');
  service.child.kill('SIGINT');
  expect(await service.exited).toBe(130);
});

test('a stop that takes too long is named, and ends with an error', async () => {
  const service = run({ SPANLOOM_BEHAVIOUR: 'hang-stop', SPANLOOM_DRAIN_TIMEOUT_MS: '200' });
  await service.said('started');
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(1);
  expect(await service.said('stopping took too long')).toMatchObject({ stop: 'second' });
});

test('a stop that fails does not hinder the others, and ends with an error', async () => {
  const service = run({ SPANLOOM_BEHAVIOUR: 'bad-stop' });
  await service.said('started');
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(1);
  expect(messages(service)).toContain('first stopped');
});

test('an error while stopping does not end the stop, and is not forgotten', async () => {
  const service = run({ SPANLOOM_BEHAVIOUR: 'throw-at-stop' });
  await service.said('started');
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(1);
  expect(messages(service).slice(-4)).toEqual([
    'fatal error',
    'second stopped',
    'first stopped',
    'stopped',
  ]);
});

test('a service goes on when nobody reads its log any more', async () => {
  const service = run();
  await service.said('started');
  service.child.stdout.destroy();
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
});

test('a start that fails half-way is rolled back', async () => {
  const service = run({ SPANLOOM_BEHAVIOUR: 'fail-start' });
  expect(await service.exited).toBe(1);
  expect(await service.said('fatal error')).toMatchObject({ error: { message: 'cannot start' } });
  expect(messages(service)).toContain('first stopped');
  expect(messages(service)).not.toContain('second stopped');
});

test('a signal while starting stops it', async () => {
  const service = run({ SPANLOOM_BEHAVIOUR: 'hang-start' });
  await service.said('hanging');
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
  expect(messages(service)).toContain('first stopped');
  expect(messages(service)).not.toContain('fatal error');
});

test.each([
  ['fail-later', 'lost Kafka'],
  ['reject-later', 'unseen'],
  ['throw-later', 'uncaught'],
])(
  'a fatal error (%s) is logged, then everything stops, and the exit code is 1',
  async (behaviour, message) => {
    const service = run({ SPANLOOM_BEHAVIOUR: behaviour });
    expect(await service.exited).toBe(1);
    expect(await service.said('fatal error')).toMatchObject({ level: 'error', error: { message } });
    expect(messages(service).slice(-2)).toEqual(['first stopped', 'stopped']);
  },
);

test('a wrong configuration is told in words, and nothing is started', async () => {
  const service = run({ SPANLOOM_BEHAVIOUR: 'odd', SPANLOOM_ADMIN_PORT: '-1' });
  expect(await service.exited).toBe(1);
  expect(service.lines).toHaveLength(1);
  expect(service.lines[0]?.message).toContain(
    'behaviour (SPANLOOM_BEHAVIOUR): "odd" is not one of',
  );
  expect(service.lines[0]?.message).toContain('admin_port (SPANLOOM_ADMIN_PORT)');
});

test('an admin port in use is told in words', async () => {
  const first = run();
  const { admin_port } = await first.said('admin server listens');
  const second = run({ SPANLOOM_ADMIN_PORT: String(admin_port) });
  expect(await second.exited).toBe(1);
  expect(await second.said('fatal error')).toMatchObject({ error: { code: 'port-in-use' } });
  first.child.kill('SIGTERM');
  await first.exited;
});
