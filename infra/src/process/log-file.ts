import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A log longer than this is put aside (`.1`) at the next start; one older log is kept. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

/** Opens a log for appending; its folder is made, a log that has grown too long is put aside. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  return openSync(path, 'a');
}

/** How long the log is now, in bytes: where the next start's lines will begin. */
export function logLength(path: string): number {
  const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  return stats?.size ?? 0;
}

/** The last `lines` lines that were written at or after byte `from`. */
export function logTail(path: string, lines: number, from = 0): string {
  const bytes = 64 * 1024;
  const length = logLength(path);
  const start = Math.max(from, length - bytes);
  if (length <= start) return '';
  const buffer = Buffer.alloc(length - start);
  const file = openSync(path, 'r');
  try {
    readSync(file, buffer, 0, buffer.length, start);
  } finally {
    closeSync(file);
  }
  return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
