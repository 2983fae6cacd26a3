import swagger from '@fastify/swagger';
import { type Clock, type Health, type Logger, SpanloomError } from '@spanloom/runtime';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { failureOf } from './failure';
import type { LiveReader } from './live/live-reader';
import type { TraceReader } from './live/trace-reader';
import type { QueryMetrics } from './metrics';
import type { AnalysisFigures } from './pipeline/analysis-figures';
import { addAnomaliesRoute } from './routes/anomalies';
import { refused } from './routes/envelope';
import { addExplainRoute } from './routes/explain';
import { addHealthRoutes } from './routes/health';
import { addJaegerRoutes } from './routes/jaeger';
import { addJaegerMetricsRoutes } from './routes/jaeger-metrics';
import { addLatencyRoute } from './routes/latency';
import { addPipelineRoutes } from './routes/pipeline';
import { addRedRoute } from './routes/red';
import { addDependenciesRoute, addServiceGraphRoute } from './routes/service-graph';
import { addSpanMetricsRoute, type SpanMetricsDeps } from './routes/span-metrics';
import { addTraceAnalysisRoute } from './routes/trace-analysis';
import { addWindowsRoute } from './routes/windows';
import type { Database } from './sql/database';

/** What the server is made of. */
export interface ServerDeps {
  readonly database: Database;
  readonly traces: TraceReader;
  readonly live: LiveReader;
  readonly metrics: QueryMetrics;
  readonly analysis: Pick<AnalysisFigures, 'observe'>;
  readonly health: Health;
  readonly logger: Logger;
  readonly clock: Clock;
}

const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 1_000;
/** Names of services are part of paths. */
const PATH_PARAMETER_MAX = 4_096;
const RETRY_AFTER_S = '2';

/** Makes the HTTP server with all routes; it does not listen yet. */
export async function createServer(
  config: { readonly answer_spans_max: number } & SpanMetricsDeps['config'],
  deps: ServerDeps,
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // What is wrong before a route is found, such as a path that is not percent-encoded text.
    frameworkErrors: (error, _request, reply) => {
      const { code, message } = failureOf(error);
      (reply as FastifyReply).code(code).send(refused(code, [message]));
    },
    routerOptions: { maxParamLength: PATH_PARAMETER_MAX, ignoreTrailingSlash: true },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  // Schemas are for the description only: the routes read parameters themselves, and say what is wrong.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  addAnswers(app, deps);
  await app.register(swagger, {
    openapi: { info: { title: 'Spanloom query API', version: '1' } },
  });
  app.register((root, _options, done) => {
    addHealthRoutes(root, deps.health);
    addSpanMetricsRoute(root, { config, ...deps });
    root.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
    done();
  });
  for (const prefix of ['/api', '/jaeger/api']) {
    app.register(
      (api, _options, done) => {
        addJaegerRoutes(api, { config, ...deps });
        addDependenciesRoute(api, deps);
        addJaegerMetricsRoutes(api, deps);
        if (prefix === '/api') {
          addLatencyRoute(api, deps);
          addRedRoute(api, deps);
          addPipelineRoutes(api, deps);
          addServiceGraphRoute(api, deps);
          addTraceAnalysisRoute(api, deps);
          addWindowsRoute(api, deps);
          addExplainRoute(api, deps);
          addAnomaliesRoute(api, deps);
        }
        done();
      },
      { prefix },
    );
  }
  return app;
}

/** How errors and unknown paths are answered, and that every request is counted. */
function addAnswers(app: FastifyInstance, { metrics, analysis, logger }: ServerDeps): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.request(route, reply.statusCode, reply.elapsedTime / 1000);
    if (reply.statusCode === 200 && QUESTION.test(route)) {
      analysis.observe(route, serviceOf(request.query), reply.elapsedTime);
    }
  });
  app.setErrorHandler((error, request, reply) => {
    const { code, message } = failureOf(error);
    const route = request.routeOptions.url ?? 'unknown';
    if (code >= 500) logger.error({ error, route, code }, 'a query failed');
    if (code === 503) reply.header('retry-after', RETRY_AFTER_S);
    return reply.code(code).send(refused(code, [message]));
  });
  app.setNotFoundHandler((request, reply) => {
    const what = `there is no ${request.method} ${request.url.split('?', 1)[0]?.slice(0, 200)}`;
    return reply.code(404).send(refused(404, [`${what}: see /openapi.json`]));
  });
}

/** Routes that answer questions about traces; what is asked about the pipeline is no analysis. */
const QUESTION = /^(?:\/jaeger)?\/api\/(?!pipeline)/;

function serviceOf(query: unknown): string | null {
  const service = (query as { readonly service?: unknown } | null)?.service;
  return typeof service === 'string' && service !== '' ? service : null;
}

/** Listens, on all addresses where `query_host` is empty. A port that is taken is 'port-in-use'. */
export async function listen(
  app: FastifyInstance,
  config: { readonly query_port: number; readonly query_host: string },
): Promise<number> {
  const port = config.query_port;
  // "::" takes IPv4 too; a machine without IPv6 has only the other.
  const hosts = config.query_host === '' ? ['::', '0.0.0.0'] : [config.query_host];
  for (const [i, host] of hosts.entries()) {
    try {
      await app.listen({ port, host });
      break;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE') {
        const cure = 'stop what listens there, or set SPANLOOM_QUERY_PORT to another port';
        throw new SpanloomError('port-in-use', `port ${port} is in use: ${cure}`, { cause: error });
      }
      if (code !== 'EAFNOSUPPORT' || i === hosts.length - 1) throw error;
    }
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
