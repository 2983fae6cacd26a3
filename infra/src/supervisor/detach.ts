import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, SpanloomError } from '@spanloom/runtime';
import { identify, isRunning, type ProcessIdentity } from '../process/identity';
import { logLength, logTail, openLog } from '../process/log-file';
import { type RunState, readState, refuseSecondRun, writeState } from './state';
import type { SuperviseOptions } from './supervise';

/** What the background supervisor is told; the environment goes as its environment. */
export type DetachedOptions = Pick<
  SuperviseOptions,
  'kind' | 'root' | 'repository' | 'ports' | 'copies' | 'enginesOnly'
>;

const POLL_MS = 200;
/** Engines have 60 s and services 90 s; the rest is for a busy machine. */
const START_TIMEOUT_MS = 240_000;

/** Leaves the reason of a failed start where the waiting command finds it; never over another's running state. */
export function recordFailure(root: string, supervisor: ProcessIdentity, error: unknown): void {
  const state = readState(root);
  if (state !== null && state.supervisor.pid !== supervisor.pid && isRunning(state.supervisor)) {
    return;
  }
  writeState(root, {
    version: 1,
    status: 'failed',
    supervisor,
    startedAt: new Date().toISOString(),
    env: {},
    external: [],
    processes: [],
    error:
      error instanceof SpanloomError
        ? { code: error.code, message: error.message }
        : { code: 'internal', message: String(error) },
  });
}

function launch(options: DetachedOptions, env: NodeJS.ProcessEnv, logFile: string): number {
  const log = openLog(logFile);
  const main = join(options.repository, 'infra', 'dist', 'supervisor-main.js');
  const child = spawn(process.execPath, [main, JSON.stringify(options)], {
    env,
    cwd: options.repository,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  child.unref();
  if (child.pid === undefined) {
    throw new SpanloomError('internal', 'the background supervisor cannot be started');
  }
  return child.pid;
}

/**
 * Starts a supervisor that outlives this process, and waits until everything is up. Errors: what the supervisor
 * failed with, with the same code and words; usage when it runs already; timeout.
 */
export async function startDetached(
  options: DetachedOptions,
  deps: { readonly env: NodeJS.ProcessEnv; readonly clock: Clock },
): Promise<RunState> {
  refuseSecondRun(options.root);
  const logFile = join(options.root, 'logs', 'supervisor.log');
  const logStart = logLength(logFile);
  const pid = launch(options, deps.env, logFile);
  const self = identify(pid);
  const deadline = deps.clock.monotonicMs() + START_TIMEOUT_MS;
  while (deps.clock.monotonicMs() < deadline) {
    const state = readState(options.root);
    const ours = state !== null && state.supervisor.pid === pid;
    if (ours && state.status === 'running') return state;
    if (ours && state.status === 'failed') {
      const { code, message } = state.error ?? { code: 'internal', message: 'it cannot start' };
      throw new SpanloomError(code, message);
    }
    if (self === null || !isRunning(self)) {
      const tail = logTail(logFile, 10, logStart);
      throw new SpanloomError('internal', `the supervisor ended; ${logFile} ends with:\n${tail}`);
    }
    await deps.clock.sleep(POLL_MS);
  }
  throw new SpanloomError('timeout', `not everything is up after ${START_TIMEOUT_MS / 1000} s`, {
    details: { log: logFile },
  });
}
