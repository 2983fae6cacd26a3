import { join } from 'node:path';
import {
  type Child,
  freePorts,
  httpOk,
  repositoryRoot,
  SERVICE_NODE_ARGUMENTS,
  type ServiceName,
  serviceMain,
  startChild,
  type TestEngines,
} from '@spanloom/infra';
import { SpanloomError, systemClock } from '@spanloom/runtime';
import { type Usage, usageOf } from '../measure/usage';
import type { Line } from './line';

/** A copy of a service, as a process of its own. */
export interface Worker {
  readonly service: ServiceName;
  /** What it had used when it said that it was ready: starting, joining, the first compilation. */
  readonly atReady: Usage;
  readonly child: Child;
  readonly adminPort: number;
  usage(): Usage;
  stop(): Promise<void>;
}

/** How a worker is started. */
export interface WorkerOptions {
  readonly more?: Readonly<Record<string, string>>;
  /** Options of node itself, such as --cpu-prof. */
  readonly nodeArgs?: readonly string[];
}

const READY_MS = 60_000;
const POLL_MS = 20;
/** A service drains within 20 s of its own. */
const STOP_MS = 25_000;

/** Starts a service from its compiled form and waits until it is ready. SpanloomError with its last lines if it is not. */
export async function startWorker(
  engines: TestEngines,
  line: Line,
  service: ServiceName,
  options: WorkerOptions = {},
): Promise<Worker> {
  const [adminPort = 0] = await freePorts(1);
  const child = await startChild({
    name: service,
    command: process.execPath,
    args: [
      ...SERVICE_NODE_ARGUMENTS,
      ...(options.nodeArgs ?? []),
      serviceMain(repositoryRoot(), service),
    ],
    env: { ...line.env, SPANLOOM_ADMIN_PORT: String(adminPort), ...options.more },
    cwd: repositoryRoot(),
    logFile: join(engines.root, 'logs', `${line.name}-${service}-${adminPort}.log`),
    dieWithParent: true,
    clock: systemClock,
  });
  const deadline_ms = systemClock.monotonicMs() + READY_MS;
  while (!(await httpOk(`http://127.0.0.1:${adminPort}/readyz`).catch(() => false))) {
    requireRunning(child);
    if (systemClock.monotonicMs() > deadline_ms) {
      throw new SpanloomError('timeout', `${service} is not ready:\n${child.tail(15)}`);
    }
    await systemClock.sleep(POLL_MS);
  }
  const { pid } = child.identity;
  return {
    service,
    atReady: usageOf(pid),
    child,
    adminPort,
    usage: () => {
      requireRunning(child);
      return usageOf(pid);
    },
    stop: () => child.stop(STOP_MS),
  };
}

/** SpanloomError('internal') with the last lines of a process that has ended. */
function requireRunning(child: Child): void {
  if (child.running()) return;
  throw new SpanloomError('internal', `${child.name} has ended:\n${child.tail(15)}`);
}

/** The value of a metric, summed over its labels; 0 when it is not there. */
export async function metricOf(worker: Worker, name: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${worker.adminPort}/metrics`);
  const lines = (await answer.text()).split('\n');
  const mine = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return mine.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
