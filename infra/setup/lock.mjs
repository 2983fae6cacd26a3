import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './run.mjs';

const HEARTBEAT_MS = 3_000;
/** A holder that has not touched its lock for so long is gone, wherever it ran. */
const STALE_MS = 30_000;
const POLL_MS = 300;

function take(path) {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, JSON.stringify({ pid: process.pid, host: hostname() }));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Who holds the lock, and whether that is still true; null when it is free again. */
function look(path) {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    const text = readFileSync(path, 'utf8');
    // Between creation and the first write the file is empty: then only its age tells.
    const holder = text === '' ? null : JSON.parse(text);
    const dead = holder !== null && holder.host === hostname() && !isAlive(holder.pid);
    return { text, holder, stale: age > STALE_MS || dead };
  } catch {
    return null;
  }
}

/** Moves a stale lock away; when it turned out to be a newer one, puts it back. */
function breakStale(path, text) {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') !== text) renameSync(aside, path);
    else rmSync(aside, { force: true });
  } catch {
    // Another one was quicker.
  }
}

/** Runs `work` while holding the lock file; waits for another holder, and takes over from a dead one. */
export async function withLock(path, work) {
  let said = false;
  while (!take(path)) {
    const seen = look(path);
    if (seen?.stale) breakStale(path, seen.text);
    else if (seen !== null) {
      if (!said)
        say(`another set-up is running (process ${seen.holder?.pid ?? '?'}); waiting for it`);
      said = true;
      await sleep(POLL_MS);
    }
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch {
      // Taken away from us; the work itself is safe to do twice.
    }
  }, HEARTBEAT_MS);
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release();
    process.removeListener('exit', release);
  }
}
