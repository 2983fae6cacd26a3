import { createClickHouse } from '@spanloom/clickhouse';
import { createRedis } from '@spanloom/redis';
import type { ServiceContext } from '@spanloom/runtime';
import { watchClickHouse } from './clickhouse-watch';
import { createLiveReader } from './live/live-reader';
import { createTraceReader } from './live/trace-reader';
import { defineMetrics } from './metrics';
import { createAnalysisFigures } from './pipeline/analysis-figures';
import { createServer, listen } from './server';
import type { settings } from './settings';
import { createDatabase } from './sql/database';

type Context = Pick<
  ServiceContext<(typeof settings)['shape']>,
  'config' | 'logger' | 'metrics' | 'health' | 'clock' | 'signal' | 'onStop'
>;

/**
 * Starts the query API. ClickHouse may be away then: requests get 503 until it is there.
 * @returns the port it listens on
 */
export async function startQuery(context: Context): Promise<{ readonly port: number }> {
  const { config, logger, health, clock, signal, onStop } = context;
  const clickhouse = createClickHouse(config, { logger });
  onStop('ClickHouse client', () => clickhouse.close());
  const watching = watchClickHouse({ clickhouse, health, logger, clock, signal });
  onStop('ClickHouse watch', watching.stop);
  const metrics = defineMetrics(context.metrics);
  const database = createDatabase(config, { clickhouse, metrics, clock });
  const analysis = createAnalysisFigures(config, { clickhouse, metrics, logger, clock });
  onStop('analysis figures', analysis.stop);
  const redis = createRedis(
    { redis_url: config.redis_url, redis_timeout_ms: config.live_timeout_ms },
    { logger, clock },
  );
  onStop('redis', redis.close);
  const live = createLiveReader(config, { redis, metrics, logger, clock });
  const traces = createTraceReader(config, { database, live, clock });
  const deps = { database, traces, live, metrics, analysis, health, logger, clock };
  const server = await createServer(config, deps);
  onStop('query API', () => server.close());
  const port = await listen(server, config);
  logger.info({ port }, 'answers queries');
  return { port };
}
