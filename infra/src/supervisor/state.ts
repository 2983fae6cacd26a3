import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ErrorCode, SpanloomError } from '@spanloom/runtime';
import { isRunning, type ProcessIdentity } from '../process/identity';

/** One process that the supervisor keeps running. */
export interface ProcessRecord {
  /** `kafka`, or `assembler-2` for the second copy. */
  readonly name: string;
  readonly role: 'engine' | 'service';
  /** The service's or engine's name, without the number of the copy. */
  readonly kind: string;
  /** Null while it waits to be started again. */
  readonly identity: ProcessIdentity | null;
  /** Where its clients reach it; null when it has none. */
  readonly port: number | null;
  readonly adminPort: number | null;
  readonly log: string;
  /** ISO time of the last start. */
  readonly startedAt: string;
  readonly restarts: number;
  readonly status: 'starting' | 'running' | 'waiting' | 'given-up' | 'stopped';
}

/** What runs, as the supervisor last wrote it down. */
export interface RunState {
  readonly version: 1;
  readonly status: 'starting' | 'running' | 'stopping' | 'failed';
  readonly supervisor: ProcessIdentity;
  /** ISO time. */
  readonly startedAt: string;
  /** What services were given to find the engines. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of engines that were given from outside. */
  readonly external: readonly string[];
  readonly processes: readonly ProcessRecord[];
  /** Why, when failed. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
}

/** Path of the state file. */
export function statePath(root: string): string {
  return join(root, 'run', 'state.json');
}

/** Reads the state; null when nothing was started or the file is no state of ours. */
export function readState(root: string): RunState | null {
  try {
    const state = JSON.parse(readFileSync(statePath(root), 'utf8')) as RunState;
    return state.version === 1 ? state : null;
  } catch {
    return null;
  }
}

/** Writes the state whole or not at all; only its owner may read it, since addresses can hold passwords. */
export function writeState(root: string, state: RunState): void {
  const path = statePath(root);
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(partial, path);
}

/** Removes the state: nothing runs any more. */
export function clearState(root: string): void {
  rmSync(statePath(root), { force: true });
}

/** Throws SpanloomError('usage') when another supervisor runs in this folder. */
export function refuseSecondRun(root: string): void {
  const state = readState(root);
  if (state === null || state.supervisor.pid === process.pid || !isRunning(state.supervisor))
    return;
  throw new SpanloomError(
    'usage',
    `it runs already, since ${state.startedAt} (process ${state.supervisor.pid}): ` +
      'see "spanloom status", or stop it with "spanloom down"',
  );
}
