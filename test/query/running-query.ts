import { join } from 'node:path';
import { type ClickHouse, createClickHouse, migrate } from '@spanloom/clickhouse';
import { settings, startQuery } from '@spanloom/query';
import {
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  type Metrics,
  systemClock,
} from '@spanloom/runtime';

/** A query service in this process, on a database of its own. */
export interface RunningQuery {
  readonly clickhouse: ClickHouse;
  readonly metrics: Metrics;
  /** Without a slash at the end. */
  readonly url: string;
  /** Asks for a path; the body as JSON. */
  get(path: string): Promise<{ readonly code: number; readonly body: Body }>;
  migrate(): Promise<void>;
  stop(): Promise<void>;
}

/** As loose as JSON is: tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape, which the test then checks
type Body = any;

/** Where no Redis is. */
const NOBODY = 'redis://127.0.0.1:1';
const MIGRATIONS = join(__dirname, '..', '..', 'schemas', 'clickhouse');

/** Starts the service against the ClickHouse at `url`, and no Redis; more settings by their environment names. */
export async function startTestQuery(
  url: string,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningQuery> {
  const env = {
    CLICKHOUSE_URL: url,
    CLICKHOUSE_DATABASE: 'query_test',
    REDIS_URL: NOBODY,
    ...more,
  };
  const config = loadConfig(settings, {
    env: { SPANLOOM_QUERY_PORT: '0', SPANLOOM_QUERY_HOST: '127.0.0.1', ...env },
  });
  const logger = createLogger({ service: 'query-test', level: 'silent' });
  const clickhouse = createClickHouse(config, { logger });
  const metrics = createMetrics('query');
  const health = createHealth(systemClock);
  const stops: (() => Promise<void>)[] = [() => clickhouse.close()];
  const { port } = await startQuery({
    config,
    logger,
    metrics,
    health,
    clock: systemClock,
    signal: new AbortController().signal,
    onStop: (_name, stop) => stops.unshift(stop),
  });
  health.setReady(true);
  const base = `http://127.0.0.1:${port}`;
  return {
    clickhouse,
    metrics,
    url: base,
    async get(path) {
      const response = await fetch(`${base}${path}`);
      return { code: response.status, body: await response.json() };
    },
    async migrate() {
      await migrate(clickhouse, MIGRATIONS, { logger });
    },
    async stop() {
      for (const stop of stops) await stop();
    },
  };
}
