import type { Clock } from '@spanloom/runtime';
import { PANE_S, SUMMARY_QUANTILES } from '@spanloom/sketch';
import type { FastifyInstance } from 'fastify';
import { jaegerKindOf } from '../jaeger/kinds';
import type { Database } from '../sql/database';
import {
  type LatencyRow,
  latencyStatement,
  type NewestPaneRow,
  newestPaneStatement,
  type SeriesFilter,
} from '../sql/latency';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import { latencyRequestOf, SERIES_LIMITS, WINDOWS } from './latency-parameters';
import { createParameters } from './parameters';

const DOC = {
  tags: ['Latency'],
  summary: 'Rate, errors and percentiles of each series over a rolling window',
  querystring: {
    type: 'object',
    properties: {
      service: parameter('string', 'Name of the service'),
      operation: parameter('string', 'Name of the operation, ids in it replaced by {id}'),
      kind: parameter('string', 'Span kind, such as server'),
      window: parameter('string', `One of ${Object.keys(WINDOWS).join(', ')}`, { default: '5m' }),
      at: parameter('string', 'End of the window, RFC 3339 or Unix time; default: the newest pane'),
      limit: parameter('integer', 'Series at most', { default: SERIES_LIMITS.default }),
    },
  },
} as const;

/** Adds `/latency` below the prefix of `app`. */
export function addLatencyRoute(
  app: FastifyInstance,
  deps: { readonly database: Database; readonly clock: Clock },
): void {
  const { database, clock } = deps;

  /** Where the window ends: as asked, else with the newest pane of these series, else now. */
  async function endOf(filter: SeriesFilter, at_s: number | undefined) {
    if (at_s !== undefined) return { end_s: at_s - (at_s % PANE_S), ends_with: 'at' };
    const [newest] = await database.rows<NewestPaneRow>(newestPaneStatement(filter));
    if (newest !== undefined && newest.panes > 0) {
      return { end_s: newest.start_s + PANE_S, ends_with: 'newest-pane' };
    }
    const now_s = Math.floor(clock.nowMs() / 1000);
    return { end_s: now_s - (now_s % PANE_S), ends_with: 'now' };
  }

  app.get('/latency', { schema: DOC }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const { filter, window, at_s, series_max } = latencyRequestOf(parameters);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    const { end_s, ends_with } = await endOf(filter, at_s);
    const start_s = Math.max(0, end_s - window.seconds);
    const statement = latencyStatement(filter, { start_s, end_s }, series_max + 1);
    const rows = await database.rows<LatencyRow>(statement);
    return {
      window: {
        length: window.name,
        seconds: window.seconds,
        start: new Date(start_s * 1000).toISOString(),
        end: new Date(end_s * 1000).toISOString(),
        ends_with,
      },
      truncated: rows.length > series_max,
      series: rows.slice(0, series_max).map((row) => seriesOf(row, window.seconds)),
    };
  });
}

const NANO_PER_MS = 1e6;

/** One series of the answer: `rate` in spans per second, `error_rate` 0 to 1, durations in ms. */
export function seriesOf(row: LatencyRow, window_s: number): object {
  const quantiles = SUMMARY_QUANTILES.map((q, i) => [
    `p${String(Number((q * 100).toFixed(4))).replace('.', '_')}_ms`,
    (row.quantiles_nano[i] as number) / NANO_PER_MS,
  ]);
  return {
    service: row.service,
    operation: row.operation,
    kind: jaegerKindOf(row.kind),
    count: row.spans,
    rate: row.spans / window_s,
    errors: row.errors,
    error_rate: row.spans === 0 ? 0 : row.errors / row.spans,
    mean_ms: row.spans === 0 ? null : row.sum_nano / row.spans / NANO_PER_MS,
    min_ms: row.min_nano / NANO_PER_MS,
    ...Object.fromEntries(quantiles),
    max_ms: row.max_nano / NANO_PER_MS,
    slowest: { trace_id: row.slowest_trace_id, span_id: row.slowest_span_id },
  };
}
