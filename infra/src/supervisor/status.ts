import { createKafka, type PartitionLag } from '@spanloom/kafka';
import { defineSettings, kafkaSettings, type Logger, loadConfig } from '@spanloom/runtime';
import { isRunning } from '../process/identity';
import { httpOk } from '../process/probe';
import { SERVICES } from './services';
import { type ProcessRecord, type RunState, readState } from './state';

/** One line of the status. */
export interface ProcessStatus {
  readonly process: string;
  readonly role: 'engine' | 'service';
  readonly pid: number | null;
  readonly port: number | null;
  readonly admin_port: number | null;
  /** `ready`; `not-ready` (alive, not ready); `down`; `waiting` to be started again; `given-up`; `up` for engines. */
  readonly health: 'ready' | 'not-ready' | 'down' | 'waiting' | 'given-up' | 'up';
  readonly restarts: number;
  readonly started_at: string;
  /** Records that wait for this service in all; shown on its first copy. Null where there is none to tell. */
  readonly lag: number | null;
  readonly log: string;
}

/** What `status` shows. */
export interface Status {
  readonly status: RunState['status'] | 'stopped' | 'left-behind';
  readonly started_at: string | null;
  readonly external: readonly string[];
  readonly error: string | null;
  readonly processes: readonly ProcessStatus[];
}

const LAG_TIMEOUT_MS = 5_000;

async function health(record: ProcessRecord): Promise<ProcessStatus['health']> {
  if (record.status === 'given-up' || record.status === 'waiting') return record.status;
  if (record.identity === null || !isRunning(record.identity)) return 'down';
  if (record.role === 'engine') return 'up';
  const ready = await httpOk(`http://127.0.0.1:${record.adminPort}/readyz`).catch(() => false);
  return ready ? 'ready' : 'not-ready';
}

const settings = defineSettings('status', kafkaSettings);

function sum(lags: readonly PartitionLag[]): number {
  return lags.reduce((total, { lag }) => total + lag, 0);
}

/** Lag per service; empty when Kafka does not answer in time: a status must come in any case. */
async function readLags(
  state: RunState,
  env: NodeJS.ProcessEnv,
  logger: Logger,
): Promise<ReadonlyMap<string, number>> {
  const config = loadConfig(settings, {
    env: { ...env, ...state.env },
    file: env.SPANLOOM_CONFIG,
  });
  const kafka = createKafka(config, { logger, clientId: 'spanloom-status' });
  const read = async (): Promise<ReadonlyMap<string, number>> => {
    const admin = await kafka.admin();
    const prefix = config.topic_prefix;
    const entries = await Promise.all(
      SERVICES.filter(({ reads }) => reads.length > 0).map(async ({ name, reads }) => {
        const lags = await Promise.all(
          reads.map(({ group, topic }) => admin.groupLag(`${prefix}${group}`, `${prefix}${topic}`)),
        );
        return [name, lags.reduce((total, lag) => total + sum(lag), 0)] as const;
      }),
    );
    return new Map(entries);
  };
  const timeout = new Promise<ReadonlyMap<string, number>>((resolve) => {
    setTimeout(() => resolve(new Map()), LAG_TIMEOUT_MS).unref();
  });
  try {
    return await Promise.race([read(), timeout]);
  } catch {
    return new Map();
  } finally {
    await kafka.close();
  }
}

function overall(state: RunState): Status['status'] {
  if (isRunning(state.supervisor)) return state.status;
  if (state.status === 'failed') return 'failed';
  const alive = state.processes.some(({ identity }) => identity !== null && isRunning(identity));
  return alive ? 'left-behind' : 'stopped';
}

/** Looks at what runs in a `.spanloom` folder. Never throws because something is down. */
export async function readStatus(
  root: string,
  deps: { readonly env: NodeJS.ProcessEnv; readonly logger: Logger },
): Promise<Status> {
  const state = readState(root);
  if (state === null) {
    return { status: 'stopped', started_at: null, external: [], error: null, processes: [] };
  }
  const hasServices = state.processes.some(({ role }) => role === 'service');
  const [lags, healths] = await Promise.all([
    hasServices ? readLags(state, deps.env, deps.logger) : new Map<string, number>(),
    Promise.all(state.processes.map(health)),
  ]);
  const processes = state.processes.map(
    (record, i): ProcessStatus => ({
      process: record.name,
      role: record.role,
      pid: record.identity?.pid ?? null,
      port: record.port,
      admin_port: record.adminPort,
      health: healths[i] ?? 'down',
      restarts: record.restarts,
      started_at: record.startedAt,
      lag: record.name === record.kind ? (lags.get(record.kind) ?? null) : null,
      log: record.log,
    }),
  );
  const { startedAt: started_at, external } = state;
  const error = state.error?.message ?? null;
  return { status: overall(state), started_at, external, error, processes };
}
