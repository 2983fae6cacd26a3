import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EngineName,
  freePorts,
  prepareEngines,
  repositoryRoot,
  startTestEngines,
  type TestEngines,
} from '@spanloom/infra';
import { createLogger, systemClock } from '@spanloom/runtime';
import { DEFAULT_RULES, type WindowRules } from '@spanloom/window';
import type { WorkerName } from './plan';
import { type EngineProxy, openProxy } from './proxy';
import { startWorker, type Worker } from './worker';

/** Short times, so that every rule is seen within a short run; the id memory outlasts any resending. */
export const CHAOS_RULES: WindowRules = {
  ...DEFAULT_RULES,
  gap_s: 4,
  grace_s: 1,
  cut_s: 10,
  memory_s: 90,
};

/** Seconds between two flushes of the latency worker. */
export const FLUSH_S = 2;
/** A worker that is silent for this long loses its partitions. */
export const SESSION_MS = 6000;
export const TOPIC_PREFIX = 'chaos-';
export const PARTITIONS = 6;

const COPIES_FIRST: Readonly<Record<WorkerName, number>> = { assembler: 3, latency: 2, sink: 2 };
const COPIES_MAX = 4;

/** Engines behind proxies, and the services on them. */
export interface Stack {
  readonly engines: TestEngines;
  readonly proxies: Readonly<Record<ProxiedEngine, EngineProxy>>;
  /** What a client of the engines is given: the way through the proxies. */
  readonly env: NodeJS.ProcessEnv;
  /** The way past the proxies, for the oracle. */
  readonly directEnv: NodeJS.ProcessEnv;
  /** URLs of the gateways, `/v1/traces` included. */
  readonly gateways: readonly string[];
  workers(service: string): readonly Worker[];
  /** False when there are enough copies. */
  addCopy(service: WorkerName): Promise<boolean>;
  /** Takes a copy away in order; false when it is the last one. */
  removeCopy(service: WorkerName, pick: number): Promise<boolean>;
  readonly logs: string;
  stop(): Promise<void>;
}

/** Engines that clients reach through a proxy. */
export type ProxiedEngine = Exclude<EngineName, 'registry'>;

function environment(engines: TestEngines, proxies: Readonly<Record<ProxiedEngine, EngineProxy>>) {
  return {
    PATH: process.env.PATH,
    ...engines.env,
    KAFKA_BROKERS: `127.0.0.1:${proxies.kafka.port}`,
    REDIS_URL: `redis://127.0.0.1:${proxies.redis.port}`,
    CLICKHOUSE_URL: `http://127.0.0.1:${proxies.clickhouse.port}`,
    SPANLOOM_TOPIC_PREFIX: TOPIC_PREFIX,
    SPANLOOM_PARTITIONS: String(PARTITIONS),
    SPANLOOM_GAP_S: String(CHAOS_RULES.gap_s),
    SPANLOOM_GRACE_S: String(CHAOS_RULES.grace_s),
    SPANLOOM_CUT_S: String(CHAOS_RULES.cut_s),
    SPANLOOM_MEMORY_S: String(CHAOS_RULES.memory_s),
    SPANLOOM_SESSION_TIMEOUT_MS: String(SESSION_MS),
    SPANLOOM_CHECKPOINT_INTERVAL_MS: '200',
    SPANLOOM_COMMIT_INTERVAL_MS: '500',
    // Partitions are far behind with 16 KiB before them, so that they take turns after every outage.
    SPANLOOM_CHECKPOINT_BYTES_MAX: '65536',
    SPANLOOM_BEHIND_PARTITIONS_MAX: '1',
    // Load comes every quarter of a second: there is a tick in between.
    SPANLOOM_TICK_QUIET_MS: '150',
    SPANLOOM_FLUSH_S: String(FLUSH_S),
    SPANLOOM_BLOCK_LINGER_MS: '300',
    SPANLOOM_INSERT_RETRY_MS_MAX: '1000',
    SPANLOOM_REDIS_TIMEOUT_MS: '5000',
    SPANLOOM_ADMIN_PORT: '0',
  };
}

/** Starts everything; when something cannot start, what did is stopped again. */
export async function startStack(): Promise<Stack> {
  const root = mkdtempSync(join(tmpdir(), 'spanloom-chaos-'));
  const repository = repositoryRoot();
  const proxies = {
    kafka: await openProxy(),
    redis: await openProxy(),
    clickhouse: await openProxy(),
  };
  const engines = await startTestEngines({ root, kafkaAdvertisedPort: proxies.kafka.port });
  for (const name of ['kafka', 'redis', 'clickhouse'] as const) {
    proxies[name].target(engines.engine(name).port);
  }
  const env = environment(engines, proxies);
  const logger = createLogger({ service: 'chaos', level: 'warn' });
  await prepareEngines({ env, repository, logger });

  const workers: Worker[] = [];
  const numbers = new Map<string, number>();
  const start = async (service: string, extra: NodeJS.ProcessEnv = {}): Promise<void> => {
    const number = (numbers.get(service) ?? 0) + 1;
    numbers.set(service, number);
    const name = `${service}-${number}`;
    workers.push(
      await startWorker({
        service,
        name,
        main: join(repository, 'services', service, 'dist', 'main.js'),
        env: { ...env, ...extra },
        logFile: join(root, 'logs', `${name}.log`),
        clock: systemClock,
      }),
    );
  };
  const ports = await freePorts(2);
  for (const port of ports) await start('gateway', { SPANLOOM_OTLP_HTTP_PORT: String(port) });
  for (const [service, copies] of Object.entries(COPIES_FIRST)) {
    for (let i = 0; i < copies; i++) await start(service);
  }
  const of = (service: string): Worker[] => workers.filter((worker) => worker.service === service);

  return {
    engines,
    proxies,
    env,
    directEnv: { ...env, ...engines.env },
    gateways: ports.map((port) => `http://127.0.0.1:${port}/v1/traces`),
    workers: of,
    async addCopy(service) {
      if (of(service).length >= COPIES_MAX) return false;
      await start(service);
      return true;
    },
    async removeCopy(service, pick) {
      const copies = of(service);
      const chosen = copies[Math.floor(pick * copies.length)];
      if (copies.length < 2 || chosen === undefined) return false;
      workers.splice(workers.indexOf(chosen), 1);
      await chosen.remove();
      return true;
    },
    logs: join(root, 'logs'),
    async stop() {
      await Promise.all(workers.map((worker) => worker.kill().then(() => worker.remove())));
      await engines.stop();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
