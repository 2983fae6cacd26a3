import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@spanloom/runtime';
import { startChild } from '../../src/process/child';
import { identify, isRunning, signalProcess } from '../../src/process/identity';
import { waitReady } from '../../src/process/ready';

const dir = mkdtempSync(join(tmpdir(), 'spanloom-child-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const start = (script: string, name: string) =>
  startChild({
    name,
    command: process.execPath,
    args: ['-e', script],
    logFile: join(dir, `${name}.log`),
    dieWithParent: true,
    clock: systemClock,
  });

test('a process that ignores SIGTERM is killed after its grace', async () => {
  const child = await start(
    'process.on("SIGTERM", () => console.log("no")); console.log("up"); setInterval(() => 0, 1000)',
    'stubborn',
  );
  const probe = async () => child.tail(5).includes('up');
  await waitReady(child, { probe, timeout_ms: 10_000, clock: systemClock });
  await child.stop(300);
  expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(readFileSync(child.logFile, 'utf8')).toBe('up\nno\n');
  expect(isRunning(child.identity)).toBe(false);
});

test('one that ends while starting says so with the end of its log', async () => {
  const child = await start('console.log("the reason"); process.exit(3)', 'broken');
  const ready = waitReady(child, {
    probe: async () => false,
    timeout_ms: 10_000,
    clock: systemClock,
  });
  await expect(ready).rejects.toThrow(/broken ended while it started \(exit code 3\).*the reason/s);
});

test('a command that does not exist is an engine that is missing', async () => {
  const missing = startChild({
    name: 'nothing',
    command: 'spanloom-no-such-command',
    args: [],
    logFile: join(dir, 'nothing.log'),
    clock: systemClock,
  });
  await expect(missing).rejects.toMatchObject({ code: 'engine-missing' });
});

test('a process number that was given to another process is never signalled', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  const recycled = { pid: other.pid as number, startedAt: 'long ago' };
  expect(isRunning(recycled)).toBe(false);
  expect(signalProcess(recycled, 'SIGKILL')).toBe(false);
  expect(identify(other.pid as number)).not.toBeNull();
  other.kill('SIGKILL');
});
