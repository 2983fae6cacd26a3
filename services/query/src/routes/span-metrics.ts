import { promisify } from 'node:util';
import { gzip, type ZlibOptions } from 'node:zlib';
import type { Clock } from '@spanloom/runtime';
import type { FastifyInstance } from 'fastify';
import type { QueryMetrics } from '../metrics';
import { type Collected, collect } from '../prometheus/collect';
import { CONTENT_TYPES, exposition, formatFor, type TextFormat } from '../prometheus/exposition';
import type { Database } from '../sql/database';
import type { TotalsLimits } from '../sql/totals';

const DOC = {
  tags: ['Prometheus'],
  summary: 'Span metrics and the service graph, for Prometheus; with exemplars in OpenMetrics',
  description:
    'Names and labels of Tempo (traces_spanmetrics_*, traces_service_graph_*) and of the span metrics connector ' +
    '(traces_span_metrics_*). All copies of the service say the same: scrape one address.',
} as const;

const compressed = promisify(gzip) as (text: string, options: ZlibOptions) => Promise<Buffer>;

/** What the route works with. */
export interface SpanMetricsDeps {
  readonly config: {
    readonly metrics_series_max: number;
    readonly metrics_series_per_service_max: number;
    readonly metrics_edges_max: number;
    readonly metrics_cache_ms: number;
  };
  readonly database: Database;
  readonly metrics: QueryMetrics;
  readonly clock: Clock;
}

/** Adds `/metrics` to `app`: what Prometheus scrapes of the traces, not of this process. */
export function addSpanMetricsRoute(app: FastifyInstance, deps: SpanMetricsDeps): void {
  const answers = cached(deps);
  app.get('/metrics', { schema: DOC }, async (request, reply) => {
    const format = formatFor(request.headers.accept);
    const text = await answers(format);
    reply.header('content-type', CONTENT_TYPES[format]).header('vary', 'accept, accept-encoding');
    // Names repeat on every line: a tenth or less is left.
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(text);
    return reply.header('content-encoding', 'gzip').send(await compressed(text, { level: 1 }));
  });
}

interface Cached {
  readonly until_ms: number;
  readonly collected: Promise<Collected>;
  readonly texts: Map<TextFormat, string>;
}

/**
 * Answers that are as old as `metrics_cache_ms` at most, counted from when they were asked for. Whoever comes
 * while one is being made waits for it, so that many scrapers cost as much as one. A failed one is not kept.
 */
function cached(deps: SpanMetricsDeps): (format: TextFormat) => Promise<string> {
  const { config, metrics, clock } = deps;
  const limits: TotalsLimits = {
    series_max: config.metrics_series_max,
    series_per_service_max: config.metrics_series_per_service_max,
    edges_max: config.metrics_edges_max,
  };
  let kept: Cached | null = null;

  function fresh(): Cached {
    const collected = collect(limits, deps);
    const made: Cached = {
      until_ms: clock.monotonicMs() + config.metrics_cache_ms,
      collected,
      texts: new Map(),
    };
    kept = made;
    collected.then(
      ({ folded }) => metrics.folded(folded),
      () => {
        if (kept === made) kept = null;
      },
    );
    return made;
  }

  return async (format) => {
    const current = kept !== null && clock.monotonicMs() < kept.until_ms ? kept : fresh();
    const { families } = await current.collected;
    const text = current.texts.get(format) ?? exposition(families, format);
    current.texts.set(format, text);
    return text;
  };
}
