import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** What the system says of when it started; opaque. */
  readonly startedAt: string;
}

/** Field 22 of /proc/PID/stat, counted after the name, which may hold blanks and parentheses. */
const START_FIELD_AFTER_NAME = 19;

/** When the process with this number started; null when there is none (a zombie counts as none). */
export function processStart(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z' || fields[0] === 'X') return null;
      return fields[START_FIELD_AFTER_NAME] ?? null;
    } catch {
      return null;
    }
  }
  try {
    const ps = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return ps.trim() || null;
  } catch {
    return null;
  }
}

/** Identifies a running process; null when it has ended. */
export function identify(pid: number): ProcessIdentity | null {
  const startedAt = processStart(pid);
  return startedAt === null ? null : { pid, startedAt };
}

/** Whether that very process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return processStart(identity.pid) === identity.startedAt;
}

/** Signals the process if it is still that one. Gives whether it was. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}
