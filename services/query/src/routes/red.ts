import type { Clock } from '@spanloom/runtime';
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { Database } from '../sql/database';
import {
  type LatencyPointRow,
  type LatencyRow,
  latencyPointsStatement,
  latencyStatement,
  type PaneRange,
  type SeriesQuery,
} from '../sql/latency';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import {
  identityOf,
  rangeOf,
  SERIES_PROPERTIES,
  statisticsOf,
  WINDOW_PROPERTIES,
} from './latency-answer';
import { createParameters } from './parameters';
import { RED_LIMITS, type RedRequest, redRequestOf } from './red-parameters';
import { SERIES_PARAMETERS } from './series-parameters';
import { windowEnd } from './window-end';

const point = { start: { type: 'string', format: 'date-time' }, ...SERIES_PROPERTIES };
const points = {
  type: 'array',
  description: 'With step: one for each step with spans, in order',
  items: { type: 'object', properties: point },
};
const DOC: FastifySchema = {
  tags: ['Latency'],
  summary: 'Rate, errors and duration of each series over any range, and in steps of it',
  querystring: {
    type: 'object',
    properties: {
      ...SERIES_PARAMETERS,
      start: parameter('string', 'With end, instead of window and at: RFC 3339 or Unix time'),
      end: parameter('string', 'RFC 3339 or Unix time; drawn down to 10 s, as start is'),
      step: parameter('string', 'Points in steps of so long, such as 30s or 5m; none without it'),
      limit: parameter('integer', 'Series at most', RED_LIMITS),
    },
  },
  response: {
    200: {
      description: 'Series, most spans first',
      type: 'object',
      properties: {
        window: { type: 'object', properties: WINDOW_PROPERTIES },
        step_s: { type: 'number', nullable: true },
        truncated: { type: 'boolean', description: 'Whether there are more series than limit' },
        series: {
          type: 'array',
          items: { type: 'object', properties: { ...SERIES_PROPERTIES, points } },
        },
      },
    },
  },
};

/** What the route works with. */
export interface RedDeps {
  readonly database: Database;
  readonly clock: Clock;
}

/** Adds `/red` below the prefix of `app`: rate, errors, duration. */
export function addRedRoute(app: FastifyInstance, deps: RedDeps): void {
  app.get('/red', { schema: DOC }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const asked = redRequestOf(parameters);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    const { range, said } = await rangeAsked(asked, deps);
    const { filter, by, series_max, step_s } = asked;
    const query: SeriesQuery = { filter, by, range, series_max };
    const [rows, pointRows] = await Promise.all([
      deps.database.rows<LatencyRow>(latencyStatement({ ...query, series_max: series_max + 1 })),
      step_s === null ? null : readPoints(query, step_s, deps.database),
    ]);
    const shown = rows.slice(0, series_max);
    const length_s = range.end_s - range.start_s;
    return {
      window: { ...rangeOf(range), ...said },
      step_s,
      truncated: rows.length > series_max,
      series: shown.map((row) => ({
        ...identityOf(row),
        ...statisticsOf(row, length_s),
        ...(pointRows === null ? {} : { points: pointRows.get(keyOf(row)) ?? [] }),
      })),
    };
  });
}

async function rangeAsked(
  { filter, over }: RedRequest,
  deps: RedDeps,
): Promise<{ readonly range: PaneRange; readonly said: object }> {
  if ('range' in over) return { range: over.range, said: {} };
  const { end_s, ends_with } = await windowEnd(filter, over.at_s, deps);
  const { name: length, seconds } = over.window;
  return { range: { start_s: Math.max(0, end_s - seconds), end_s }, said: { length, ends_with } };
}

const keyOf = ({ service, operation, kind, status }: LatencyRow): string =>
  JSON.stringify([service, operation, kind, status]);

/** The points of each series. The last step may be shorter than the others, and has the rate of what it is. */
async function readPoints(
  query: SeriesQuery,
  step_s: number,
  database: Database,
): Promise<ReadonlyMap<string, readonly object[]>> {
  const { start_s, end_s } = query.range;
  const rows_max = Math.ceil((end_s - start_s) / step_s) * query.series_max;
  const statement = latencyPointsStatement(query, step_s, rows_max);
  const found = new Map<string, object[]>();
  for (const row of await database.rows<LatencyPointRow>(statement)) {
    const begin_s = start_s + row.step * step_s;
    const length_s = Math.min(step_s, end_s - begin_s);
    const start = new Date(begin_s * 1000).toISOString();
    const key = keyOf(row);
    const list = found.get(key) ?? [];
    list.push({ start, ...statisticsOf(row, length_s) });
    found.set(key, list);
  }
  return found;
}
