import { readFileSync } from 'node:fs';
import { type Child, SERVICE_NODE_ARGUMENTS, startChild } from '@spanloom/infra';
import type { Clock } from '@spanloom/runtime';

/** One copy of a service, started again whenever it ends. */
export interface Worker {
  readonly service: string;
  readonly name: string;
  /** How often it was started again after it ended by itself or was killed. */
  readonly restarts: number;
  /** Whether its process runs and is not stopped by a signal. */
  isHealthy(): boolean;
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it in order and starts it with a fault point armed (`name:nth:kill|pause`), for one life; '' for none. */
  arm(faultpoint: string): Promise<void>;
  /** Whether a signal has stopped its process. */
  isStopped(): boolean;
  /** Which life it is in, from 1. */
  readonly life: number;
  /** Ends it for good: SIGTERM, then SIGKILL. */
  remove(): Promise<void>;
}

const RESTART_MS = 300;
const STOP_MS = 25_000;

/** The state letter of a process; `T` is stopped by a signal. Source: proc(5). */
function processState(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '';
  } catch {
    return '';
  }
}

/** Starts a copy. Its output is appended to the log file. */
export async function startWorker(options: {
  readonly service: string;
  readonly name: string;
  readonly main: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly clock: Clock;
}): Promise<Worker> {
  const { service, name, clock } = options;
  let faultpoint = '';
  let restarts = 0;
  let life = 0;
  let removed = false;

  const start = (): Promise<Child> => {
    const env = { ...options.env, SPANLOOM_FAULTPOINT: faultpoint };
    faultpoint = '';
    life++;
    return startChild({
      name,
      command: process.execPath,
      args: [...SERVICE_NODE_ARGUMENTS, options.main],
      env,
      logFile: options.logFile,
      dieWithParent: true,
      clock,
    });
  };
  let child = await start();
  const keep = async (): Promise<void> => {
    for (;;) {
      await child.ended;
      if (removed) return;
      await clock.sleep(RESTART_MS);
      if (removed) return;
      restarts++;
      child = await start();
    }
  };
  const kept = keep();

  const isStopped = (): boolean => child.running() && processState(child.identity.pid) === 'T';
  return {
    service,
    name,
    get restarts() {
      return restarts;
    },
    get life() {
      return life;
    },
    isStopped,
    isHealthy: () => child.running() && !isStopped(),
    kill: () => child.kill(),
    signal: (signal) => child.signal(signal),
    async arm(point) {
      faultpoint = point;
      const before = life;
      await child.stop(STOP_MS);
      for (let i = 0; i < 100 && life === before; i++) await clock.sleep(50);
    },
    async remove() {
      removed = true;
      child.signal('SIGCONT');
      await child.stop(STOP_MS);
      await kept;
    },
  };
}
