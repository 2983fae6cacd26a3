import { readFileSync } from 'node:fs';
import { SpanloomError } from '@spanloom/runtime';

/** What a process has used since it began, as the system counts it. */
export interface Usage {
  /** User and system time of all its threads, µs; the system counts in steps of 10 ms. */
  readonly cpu_us: number;
  /** Greatest resident memory so far, MiB (VmHWM). */
  readonly rss_peak_mb: number;
  /** Bytes through its read and write calls: sockets and files. */
  readonly read_bytes: number;
  readonly written_bytes: number;
}

/** Linux gives process times in hundredths of a second wherever Node runs (USER_HZ). */
const TICK_US = 10_000;
/** Fields 14 and 15 of /proc/PID/stat, counted after the name, which may hold blanks. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

function figure(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text);
  return Number(found?.[1] ?? 0);
}

/** What a running process has used. SpanloomError('usage') where there is no /proc, or no such process. */
export function usageOf(pid: number): Usage {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const io = readFileSync(`/proc/${pid}/io`, 'utf8');
    return {
      cpu_us: (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * TICK_US,
      rss_peak_mb: figure(status, 'VmHWM') / 1024,
      read_bytes: figure(io, 'rchar'),
      written_bytes: figure(io, 'wchar'),
    };
  } catch (error) {
    throw new SpanloomError(
      'usage',
      `cannot read /proc/${pid}: the bench needs Linux, and processes that live`,
      { cause: error },
    );
  }
}

/** What was used between two readings; peak memory is that of the later one. */
export function usedBetween(before: Usage, after: Usage): Usage {
  return {
    cpu_us: after.cpu_us - before.cpu_us,
    rss_peak_mb: after.rss_peak_mb,
    read_bytes: after.read_bytes - before.read_bytes,
    written_bytes: after.written_bytes - before.written_bytes,
  };
}

/** CPU time of the whole machine, µs: all that was not idle, and the number of its processors' time in all. */
export interface MachineTime {
  readonly busy_us: number;
  readonly total_us: number;
}

/** Reads /proc/stat; guests' time is within user time already. */
export function machineTime(): MachineTime {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '';
  const ticks = line.split(/\s+/).slice(1, 9).map(Number);
  const total = ticks.reduce((sum, n) => sum + n, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busy_us: (total - idle) * TICK_US, total_us: total * TICK_US };
}
