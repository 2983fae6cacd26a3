import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { frontException } from './exception';

/** Bodies on their way into the engine, as files. */
export interface Spool {
  /** Writes a body to a file, hands over its path (null when the body was empty), and removes it afterwards. */
  withFile<T>(body: Readable, use: (path: string | null) => Promise<T>): Promise<T>;
}

const SHM = '/dev/shm';
/** Memory that must be free before bodies are kept in it. */
const SHM_FREE_BYTES_MIN = 1024 * 1024 * 1024;
/** Chunks come 64 KiB at a time; fewer and larger writes cost less. */
const WRITE_BYTES = 1024 * 1024;
const LEFT_OVER = /^spanloom-(\d+)-/;

/** Prefers memory to disk: a body is written once, read once, and gone. */
function chooseFolder(dataDir: string): string {
  try {
    accessSync(SHM, constants.W_OK);
    const { bavail, bsize } = statfsSync(SHM);
    if (bavail * bsize >= SHM_FREE_BYTES_MIN) return SHM;
  } catch {
    // No such folder on this system.
  }
  const dir = join(dataDir, '..', 'clickhouse-spool');
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Removes what a killed process left behind. */
function removeLeftOvers(dir: string): void {
  for (const name of readdirSync(dir)) {
    const pid = Number(LEFT_OVER.exec(name)?.[1] ?? 0);
    if (pid > 0 && !isAlive(pid)) rmSync(join(dir, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function writeBody(body: Readable, path: string, bytesMax: number): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  let total = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  try {
    // The stream must outlive a refusal: the answer goes over the same socket.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (total > bytesMax) throw tooLarge(bytesMax);
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes < WRITE_BYTES) continue;
      await file.writev(pending);
      pending = [];
      pendingBytes = 0;
    }
    if (pendingBytes > 0) await file.writev(pending);
  } finally {
    await file.close();
  }
  return total;
}

/** The answer to a body over the limit. */
export function tooLarge(bytesMax: number): Error {
  return frontException(
    307,
    'TOO_MANY_BYTES',
    `The request body is over ${bytesMax} bytes; send smaller blocks`,
  );
}

/** Makes a spool whose bodies are at most `bytesMax` long, decompressed. */
export function createSpool(dataDir: string, bytesMax: number): Spool {
  const dir = chooseFolder(dataDir);
  removeLeftOvers(dir);
  return {
    withFile: async (body, use) => {
      const name = `spanloom-${process.pid}-${randomBytes(8).toString('hex')}`;
      const path = join(dir, name);
      try {
        const bytes = await writeBody(body, path, bytesMax);
        return await use(bytes === 0 ? null : path);
      } finally {
        await rm(path, { force: true });
      }
    },
  };
}
