import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants } from 'node:fs';
import { type Clock, SpanloomError } from '@spanloom/runtime';
import { identify, type ProcessIdentity, signalProcess } from './identity';
import { logLength, logTail, openLog } from './log-file';
import { stopProcess } from './stop';

/** What to run. */
export interface ChildOptions {
  /** For messages and the log's name. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Its output is appended here. */
  readonly logFile: string;
  /** Ends the process with the one that started it, even on kill -9, where the system can do that. */
  readonly dieWithParent?: boolean;
  readonly clock: Clock;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was started here, in a process group of its own, so that Ctrl-C reaches only its parent. */
export interface Child {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly logFile: string;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>;
  running(): boolean;
  /** SIGTERM, then SIGKILL after `grace_ms`. Safe to call twice. */
  stop(grace_ms: number): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** The last lines of what it wrote since it started. */
  tail(lines: number): string;
}

const SETPRIV = '/usr/bin/setpriv';

function canBindToParent(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    accessSync(SETPRIV, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `setpriv` sets the parent-death signal and then becomes the command: same process, same number. */
function commandLine(options: ChildOptions): { command: string; args: readonly string[] } {
  const { command, args } = options;
  if (!options.dieWithParent || !canBindToParent()) return { command, args };
  return { command: SETPRIV, args: ['--pdeathsig', 'KILL', '--', command, ...args] };
}

function whenSpawned(child: ChildProcess, options: ChildOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve());
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      reject(
        new SpanloomError(
          missing ? 'engine-missing' : 'engine-unavailable',
          missing
            ? `${options.command} is not installed; ${options.name} needs it`
            : `${options.name} cannot be started: ${error.message}`,
          { cause: error },
        ),
      );
    });
  });
}

/** Starts a process. Throws SpanloomError('engine-missing') when the command does not exist. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openLog(options.logFile);
  const logStart = logLength(options.logFile);
  const { command, args } = commandLine(options);
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let ending: Ending | null = null;
  const ended = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => {
      ending = { code, signal };
      resolve(ending);
    });
  });
  await whenSpawned(child, options);
  const pid = child.pid as number;
  // A process that has already ended has no identity any more; nothing will ever match this one.
  const identity = identify(pid) ?? { pid, startedAt: 'ended' };
  return {
    name: options.name,
    identity,
    logFile: options.logFile,
    ended,
    running: () => ending === null,
    stop: async (grace_ms) => {
      if (ending !== null) return;
      await stopProcess(identity, { grace_ms, clock: options.clock });
    },
    kill: async () => {
      if (ending !== null) return;
      signalProcess(identity, 'SIGKILL');
      await ended;
    },
    signal: (signal) => {
      if (ending === null) signalProcess(identity, signal);
    },
    tail: (lines) => logTail(options.logFile, lines, logStart),
  };
}
