import { join } from 'node:path';
import { type Clock, type Logger, SpanloomError, systemClock } from '@spanloom/runtime';
import type { Engine } from '../engines/engine';
import { startLocalEngine } from '../engines/local';
import type { EnginePorts } from '../engines/ports';
import { type EngineKind, type RunningEngines, startEngines } from '../engines/start-engines';
import { identify } from '../process/identity';
import { type Kept, keepRunning } from './keep-running';
import { planServices } from './plan';
import { prepareEngines } from './prepare';
import { type ServiceCopy, serviceMain, startService } from './service-process';
import { type Copies, SERVICES } from './services';
import {
  clearState,
  type ProcessRecord,
  type RunState,
  readState,
  refuseSecondRun,
  writeState,
} from './state';
import { leftOvers, stopRun } from './stop-recorded';

/** What to run. */
export interface SuperviseOptions {
  readonly kind: EngineKind;
  /** The `.spanloom` folder. */
  readonly root: string;
  readonly repository: string;
  readonly ports: EnginePorts;
  readonly copies: Copies;
  readonly enginesOnly: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Gives up starting, and stops what was started. */
  readonly signal?: AbortSignal | undefined;
  /** Told what is being done, for a person who waits. */
  readonly onProgress?: (what: string) => void;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** What runs. */
export interface Supervisor {
  state(): RunState;
  /** Stops services in the order of the flow, then engines. Safe to call twice. */
  stop(): Promise<void>;
}

interface Entry {
  /** From 1. */
  readonly copy: number;
  readonly record: Omit<ProcessRecord, 'identity' | 'startedAt' | 'restarts' | 'status'>;
  readonly kept: Kept;
}

/** Engines first, then services in the order of the flow, then copies. */
function byPlace(a: Entry, b: Entry): number {
  const place = ({ record }: Entry): number =>
    SERVICES.findIndex(({ name }) => name === record.kind);
  return place(a) - place(b) || (a.record.role === 'engine' ? 0 : a.copy - b.copy);
}

function toRecord({ record, kept }: Entry): ProcessRecord {
  return {
    ...record,
    identity: kept.identity,
    startedAt: new Date(kept.startedAtMs).toISOString(),
    restarts: kept.restarts,
    status: kept.status,
  };
}

/** Refuses a second run, and clears away what a killed supervisor left running. */
async function claimFolder(options: SuperviseOptions, clock: Clock): Promise<void> {
  refuseSecondRun(options.root);
  const state = readState(options.root);
  if (state === null) return;
  const left = leftOvers(state).length;
  if (left > 0) {
    options.logger.warn({ processes: left }, 'stopping what an earlier run left behind');
    await stopRun(options.root, { clock, logger: options.logger });
  }
}

/** Hands a running engine over to be kept running: the first start has happened already. */
function keepEngine(
  engine: Engine,
  options: SuperviseOptions,
  clock: Clock,
  onChange: () => void,
): Promise<Kept> {
  const { root, logger } = options;
  return keepRunning({
    name: engine.name,
    start: async (first) =>
      first
        ? engine
        : startLocalEngine(engine.name, engine.port, { root, dieWithParent: true, clock, logger }),
    onChange,
    clock,
    logger,
  });
}

/**
 * Runs engines and services as processes of this one, and writes down what runs. Resolves when all are ready;
 * rejects, with everything stopped again, when something cannot start. When this process is killed, the others
 * go with it where the system can do that: they are made to survive it, and nothing is left behind. Errors: those of the engines, usage,
 * port-in-use, topic-mismatch, schema-incompatible, migration-changed, engine-unavailable.
 */
export async function supervise(options: SuperviseOptions): Promise<Supervisor> {
  const { root, logger } = options;
  const clock = options.clock ?? systemClock;
  const progress = options.onProgress ?? (() => undefined);
  await claimFolder(options, clock);
  const supervisor = identify(process.pid);
  if (supervisor === null) throw new SpanloomError('internal', 'this process has no identity');
  const startedAt = new Date(clock.nowMs()).toISOString();
  const entries: Entry[] = [];
  let engines: RunningEngines | null = null;
  let status: RunState['status'] = 'starting';
  const state = (): RunState => ({
    version: 1,
    status,
    supervisor,
    startedAt,
    env: engines?.env ?? {},
    external: engines?.external ?? [],
    processes: [...entries].sort(byPlace).map(toRecord),
    error: null,
  });
  const write = (): void => {
    try {
      writeState(root, state());
    } catch (error) {
      // A full disk must not end the one process that can stop the others.
      logger.error({ error }, 'the state cannot be written down');
    }
  };

  const stopAll = async (): Promise<void> => {
    status = 'stopping';
    write();
    for (const { name } of SERVICES) {
      const copies = entries.filter(({ record }) => record.kind === name);
      await Promise.all(copies.map(({ kept }) => kept.stop()));
    }
    await Promise.all(
      entries.filter(({ record }) => record.role === 'engine').map(({ kept }) => kept.stop()),
    );
    await engines?.stop();
    clearState(root);
  };

  const startEngineSet = async (): Promise<RunningEngines> => {
    progress('starting engines');
    const { kind, ports, env, signal } = options;
    const running = await startEngines({
      kind,
      root,
      ports,
      env,
      dieWithParent: true,
      signal,
      logger,
      clock,
    });
    for (const engine of running.engines) {
      const record = {
        name: engine.name,
        role: 'engine',
        kind: engine.name,
        port: engine.port,
        adminPort: null,
        log: join(root, 'logs', `${engine.name}.log`),
      } as const;
      entries.push({ copy: 1, record, kept: await keepEngine(engine, options, clock, write) });
    }
    return running;
  };

  const startCopy = async (copy: ServiceCopy, env: NodeJS.ProcessEnv): Promise<void> => {
    const service = {
      repository: options.repository,
      env,
      dieWithParent: true,
      signal: options.signal,
      clock,
    };
    const { name, port, adminPort, log } = copy;
    const kept = await keepRunning({
      name,
      start: (first) => startService(copy, service, first),
      onChange: write,
      clock,
      logger,
    });
    const kind = copy.service.name;
    entries.push({
      copy: copy.copy,
      record: { name, role: 'service', kind, port, adminPort, log },
      kept,
    });
    write();
  };

  const startServices = async (planned: readonly ServiceCopy[], env: NodeJS.ProcessEnv) => {
    progress('preparing topics, schemas and tables');
    await prepareEngines({ env, repository: options.repository, logger });
    options.signal?.throwIfAborted();
    progress('starting services');
    const outcomes = await Promise.allSettled(planned.map((copy) => startCopy(copy, env)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };

  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= stopAll();
    return stopping;
  };
  write();
  try {
    const planned = options.enginesOnly
      ? []
      : await planServices(options.copies, root, options.env);
    for (const { service } of planned) serviceMain(options.repository, service.name);
    engines = await startEngineSet();
    write();
    options.signal?.throwIfAborted();
    if (!options.enginesOnly) await startServices(planned, { ...options.env, ...engines.env });
    status = 'running';
    write();
  } catch (error) {
    await stop();
    throw error;
  }
  return { state, stop };
}
