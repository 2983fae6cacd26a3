import { SpanloomError } from '@spanloom/runtime';
import { type Child, startChild } from '../process/child';
import { waitReady } from '../process/ready';
import type { Engine, EngineName, EngineOptions } from './engine';

/** How to run one engine's process. */
export interface Launch {
  readonly name: EngineName;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly url: string;
  readonly probe: () => Promise<boolean>;
  /** Longest time to become ready, ms. */
  readonly ready_ms: number;
  /** Longest time that a clean stop may take before it is killed, ms. */
  readonly stop_ms: number;
}

async function whenEnded(child: Child): Promise<string> {
  const { code, signal } = await child.ended;
  return `${child.name} ended (${signal ?? `exit code ${code}`}); its log is ${child.logFile}`;
}

/** Starts an engine's process and waits until it answers; stops it again when it does not. */
export async function launchEngine(launch: Launch, options: EngineOptions): Promise<Engine> {
  const { clock, logger } = options;
  const began_ms = clock.monotonicMs();
  const child = await startChild({
    name: launch.name,
    command: launch.command,
    args: launch.args,
    ...(launch.env === undefined ? {} : { env: launch.env }),
    logFile: options.logFile,
    dieWithParent: options.dieWithParent ?? false,
    clock,
  });
  try {
    const { probe, ready_ms: timeout_ms } = launch;
    await waitReady(child, { probe, timeout_ms, clock, signal: options.signal });
  } catch (error) {
    await child.kill();
    options.signal?.throwIfAborted();
    throw error instanceof SpanloomError
      ? error
      : new SpanloomError('engine-unavailable', `${launch.name} cannot start`, { cause: error });
  }
  const took_ms = Math.round(clock.monotonicMs() - began_ms);
  logger.info({ engine: launch.name, url: launch.url, took_ms }, 'engine is up');
  return {
    name: launch.name,
    url: launch.url,
    port: options.port,
    identity: child.identity,
    ended: whenEnded(child),
    running: child.running,
    stop: () => child.stop(launch.stop_ms),
    kill: child.kill,
  };
}
