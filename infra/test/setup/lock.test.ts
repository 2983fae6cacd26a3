import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const LOCK = pathToFileURL(join(__dirname, '..', '..', 'setup', 'lock.mjs')).href;
const dir = mkdtempSync(join(tmpdir(), 'spanloom-lock-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a process that holds the lock for a while and writes down when it began and ended. */
function holder(lock: string, log: string): Promise<number | null> {
  const script = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { withLock } from ${JSON.stringify(LOCK)};
    await withLock(${JSON.stringify(lock)}, async () => {
      appendFileSync(${JSON.stringify(log)}, 'begin ' + process.pid + '\\n');
      await sleep(100);
      appendFileSync(${JSON.stringify(log)}, 'end ' + process.pid + '\\n');
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  return new Promise((resolve) => child.once('exit', resolve));
}

test('set-ups that run at the same time take turns, and take over from a dead one', async () => {
  const lock = join(dir, 'lock');
  const log = join(dir, 'log');
  // No process has this number: the system's greatest is lower.
  writeFileSync(lock, JSON.stringify({ pid: 2 ** 30, host: hostname() }));
  const codes = await Promise.all([1, 2, 3, 4].map(() => holder(lock, log)));
  expect(codes).toEqual([0, 0, 0, 0]);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(8);
  for (let i = 0; i < lines.length; i += 2) {
    expect(lines[i + 1]).toBe(lines[i]?.replace('begin', 'end'));
  }
  expect(existsSync(lock)).toBe(false);
});
