import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, SpanloomError } from '@spanloom/runtime';
import { type Child, startChild } from '../process/child';
import { httpOk } from '../process/probe';
import { waitReady } from '../process/ready';
import type { Startable } from './keep-running';
import type { ServiceFacts } from './services';

/** One copy of a service on this machine. */
export interface ServiceCopy {
  readonly service: ServiceFacts;
  /** From 1. */
  readonly copy: number;
  /** `assembler`, and `assembler-2` for the second copy. */
  readonly name: string;
  readonly port: number | null;
  readonly adminPort: number;
  readonly log: string;
}

/** What all services are started with. */
export interface ServiceOptions {
  readonly repository: string;
  readonly env: NodeJS.ProcessEnv;
  readonly dieWithParent: boolean;
  /** Gives up the first start. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
}

const READY_MS = 90_000;
/** A service drains within its own 20 s; the rest is for a busy machine. */
const STOP_MS = 30_000;

function environment(copy: ServiceCopy, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const listens = copy.service.listens;
  return {
    ...env,
    SPANLOOM_ADMIN_PORT: String(copy.adminPort),
    ...(listens === null || copy.port === null ? {} : { [listens.variable]: String(copy.port) }),
  };
}

async function whenEnded(child: Child): Promise<string> {
  const { code, signal } = await child.ended;
  return `${signal ?? `exit code ${code}`}; its last lines in ${child.logFile}:\n${child.tail(5)}`;
}

/**
 * Node's own options for a service. A service is one busy thread, scaled by more copies; the collector's helper
 * threads then mostly look for work from each other: on two cores the assembler's collections took 210 instead of
 * 770 ms of a drain without them.
 *
 * A heap is small and its buffers are large. V8 counts both against a limit that it derives from the heap, and so
 * marked the sink's 20 MB twelve times in a drain; with a first limit of 128 MB it does so three times.
 *
 * What is new in the heap dies soon: a young generation of 8 MB takes 50 MB less of the assembler and of the sink on
 * Node 24 than the default does, at the same CPU.
 */
export const SERVICE_NODE_ARGUMENTS: readonly string[] = [
  '--single-threaded-gc',
  '--initial-old-space-size=128',
  '--max-semi-space-size=8',
];

/** Path of a service's compiled main module; SpanloomError('usage') when it is not built. */
export function serviceMain(repository: string, name: string): string {
  const main = join(repository, 'services', name, 'dist', 'main.js');
  if (existsSync(main)) return main;
  throw new SpanloomError(
    'usage',
    `${name} is not built (${main} is missing): run "npm run setup"`,
  );
}

/**
 * Starts a copy as a process. The first time it waits until the service says that it is ready, so that a wrong
 * configuration is an error here and not a restart loop; later starts are watched by the supervisor.
 */
export async function startService(
  copy: ServiceCopy,
  options: ServiceOptions,
  first: boolean,
): Promise<Startable> {
  const child = await startChild({
    name: copy.name,
    command: process.execPath,
    args: [...SERVICE_NODE_ARGUMENTS, serviceMain(options.repository, copy.service.name)],
    env: environment(copy, options.env),
    cwd: options.repository,
    logFile: copy.log,
    dieWithParent: options.dieWithParent,
    clock: options.clock,
  });
  if (first) {
    const probe = () => httpOk(`http://127.0.0.1:${copy.adminPort}/readyz`);
    try {
      const { clock, signal } = options;
      await waitReady(child, { probe, timeout_ms: READY_MS, clock, signal });
    } catch (error) {
      await child.stop(STOP_MS);
      throw error;
    }
  }
  return {
    identity: child.identity,
    ended: whenEnded(child),
    stop: () => child.stop(STOP_MS),
  };
}
