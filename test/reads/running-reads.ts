import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouse, createClickHouse, migrate } from '@spanloom/clickhouse';
import { freePorts } from '@spanloom/infra';
import type { Span } from '@spanloom/model';
import { createLogger } from '@spanloom/runtime';
import { createAssemblyLine } from '../assembler/running-assembler';

const ROOT = join(__dirname, '..', '..');
const logger = createLogger({ service: 'reads-test', level: 'silent' });

/** The services as processes, on topics and tables of their own. */
export interface ReadingLine {
  readonly clickhouse: ClickHouse;
  /** Settings that lead a further query service to the same tables. */
  readonly database: Readonly<Record<string, string>>;
  /** Base URLs of two copies of the query service. */
  readonly urls: readonly [string, string];
  /** Appends whole traces to the partition of their number. */
  send(traces: readonly (readonly Span[])[]): Promise<void>;
  /** Starts a killed service anew. */
  restart(service: 'latency' | 'sink' | 'query'): Promise<void>;
  kill(service: 'latency' | 'sink' | 'query'): Promise<void>;
  stop(): Promise<void>;
}

/** Traces in one message. A trace is never split: what came apart would close apart on a slow machine. */
const PACK = 15;

/** Starts everything and waits until queries are answered. */
export async function startReadingLine(partitions: number): Promise<ReadingLine> {
  const id = randomBytes(4).toString('hex');
  const prefix = `reads-${id}.`;
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL, CLICKHOUSE_URL } = process.env;
  const engines = { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL, CLICKHOUSE_URL };
  const database = { CLICKHOUSE_DATABASE: `reads_${id}` };
  const clickhouse = createClickHouse(
    {
      clickhouse_url: CLICKHOUSE_URL ?? '',
      clickhouse_database: database.CLICKHOUSE_DATABASE,
      clickhouse_user: 'default',
      clickhouse_password: '',
    },
    { logger },
  );
  await migrate(clickhouse, join(ROOT, 'schemas', 'clickhouse'), { logger });
  const line = await createAssemblyLine(engines, prefix, partitions);
  line.start();
  const ports = await freePorts(2);
  const own = {
    PATH: process.env.PATH,
    ...engines,
    ...database,
    SPANLOOM_TOPIC_PREFIX: prefix,
    SPANLOOM_PARTITIONS: String(partitions),
    SPANLOOM_ADMIN_PORT: '0',
    SPANLOOM_LOG_LEVEL: 'warn',
    SPANLOOM_SESSION_TIMEOUT_MS: '6000',
    SPANLOOM_FLUSH_S: '1',
    SPANLOOM_TICK_QUIET_MS: '300',
    SPANLOOM_BLOCK_LINGER_MS: '100',
    SPANLOOM_QUERY_HOST: '127.0.0.1',
    SPANLOOM_METRICS_CACHE_MS: '0',
  };
  const children = new Map<string, ChildProcess>();
  const start = (key: string, service: string, more: NodeJS.ProcessEnv = {}): void => {
    const main = join(ROOT, 'services', service, 'dist', 'main.js');
    const env = { ...own, ...more };
    children.set(
      key,
      spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'inherit'] }),
    );
  };
  const kill = async (key: string): Promise<void> => {
    const child = children.get(key);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  const queryPort = (n: number) => ({ SPANLOOM_QUERY_PORT: String(ports[n]) });
  const urls = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`] as const;
  start('latency', 'latency');
  start('sink', 'sink');
  start('query', 'query', queryPort(0));
  start('query-2', 'query', queryPort(1));
  await Promise.all(urls.map(untilReady));

  return {
    clickhouse,
    database,
    urls,
    async send(traces) {
      for (let partition = 0; partition < partitions; partition++) {
        const own = traces.filter((_, i) => i % partitions === partition);
        for (let i = 0; i < own.length; i += PACK) {
          await line.send(partition, line.batch(own.slice(i, i + PACK).flat()));
        }
      }
    },
    kill,
    async restart(service) {
      start(service, service, service === 'query' ? queryPort(0) : {});
      if (service === 'query') await untilReady(urls[0]);
    },
    async stop() {
      await Promise.all([...children.keys()].map(kill));
      await line.stop();
      await clickhouse.command(`DROP DATABASE ${clickhouse.database}`);
      await clickhouse.close();
    },
  };
}

async function untilReady(url: string): Promise<void> {
  const end_ms = Date.now() + 60_000;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > end_ms) throw new Error(`${url} is not ready: ${await answer?.text()}`);
    await sleep(100);
  }
}
