import type { Clock } from '@spanloom/runtime';
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { Database } from '../sql/database';
import { type LatencyRow, latencyStatement } from '../sql/latency';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import {
  identityOf,
  rangeOf,
  SERIES_PROPERTIES,
  statisticsOf,
  WINDOW_PROPERTIES,
} from './latency-answer';
import { latencyRequestOf, SERIES_LIMITS } from './latency-parameters';
import { createParameters } from './parameters';
import { SERIES_PARAMETERS } from './series-parameters';
import { windowEnd } from './window-end';

const series = { type: 'array', items: { type: 'object', properties: SERIES_PROPERTIES } };
const DOC: FastifySchema = {
  tags: ['Latency'],
  summary: 'Rate, errors and percentiles of each series over a rolling window',
  querystring: {
    type: 'object',
    properties: {
      ...SERIES_PARAMETERS,
      limit: parameter('integer', 'Series at most', SERIES_LIMITS),
    },
  },
  response: {
    200: {
      description: 'Series, most spans first',
      type: 'object',
      properties: {
        window: { type: 'object', properties: WINDOW_PROPERTIES },
        truncated: { type: 'boolean', description: 'Whether there are more series than limit' },
        series,
      },
    },
  },
};

/** Adds `/latency` below the prefix of `app`. */
export function addLatencyRoute(
  app: FastifyInstance,
  deps: { readonly database: Database; readonly clock: Clock },
): void {
  app.get('/latency', { schema: DOC }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const { filter, by, window, at_s, series_max } = latencyRequestOf(parameters);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    const { end_s, ends_with } = await windowEnd(filter, at_s, deps);
    const range = { start_s: Math.max(0, end_s - window.seconds), end_s };
    const statement = latencyStatement({ filter, by, range, series_max: series_max + 1 });
    const rows = await deps.database.rows<LatencyRow>(statement);
    return {
      window: { length: window.name, ...rangeOf(range), seconds: window.seconds, ends_with },
      truncated: rows.length > series_max,
      series: rows.slice(0, series_max).map((row) => seriesOf(row, window.seconds)),
    };
  });
}

/** One series of the answer. */
export function seriesOf(row: LatencyRow, window_s: number): object {
  return { ...identityOf(row), ...statisticsOf(row, window_s) };
}
