import type { Clock } from '@spanloom/runtime';
import { PANE_S } from '@spanloom/sketch';
import type { FastifyInstance } from 'fastify';
import { KIND_WORDS } from '../jaeger/kinds';
import { type MetricKind, metricFamily } from '../jaeger/metrics';
import type { Database } from '../sql/database';
import { paneSlotsStatement, type SlotRow } from '../sql/pane-slots';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import { METRIC_DEFAULTS, metricRequestOf } from './jaeger-metrics-parameters';
import { createParameters } from './parameters';

/** Series and slots that are read for one answer; a slot of latencies has some hundred numbers. */
const ROWS_MAX: Readonly<Record<MetricKind, number>> = {
  latencies: 100_000,
  calls: 1_000_000,
  errors: 1_000_000,
};

const SUMMARIES: Readonly<Record<MetricKind, string>> = {
  latencies: 'A percentile of latency over time, in ms',
  calls: 'Calls per second over time',
  errors: 'Share of calls that failed over time',
};

function docOf(kind: MetricKind) {
  const quantile = {
    quantile: parameter('string', '0 to 1, such as 0.95; required'),
  };
  const properties = {
    service: parameter('string', 'Name of the service; required, may be repeated'),
    ...(kind === 'latencies' ? quantile : {}),
    groupByOperation: parameter('string', 'true: a series for each operation'),
    spanKind: parameter('string', `One of ${KIND_WORDS.join(', ')}; may be repeated`, {
      default: 'server',
    }),
    endTs: parameter('integer', 'Time of the last point, ms since 1970; default: now'),
    lookback: parameter('integer', 'From the first point to the last, ms', {
      default: METRIC_DEFAULTS.lookback,
    }),
    step: parameter('integer', 'Between two points, ms', { default: METRIC_DEFAULTS.step }),
    ratePer: parameter('integer', 'How long each point looks back, ms', {
      default: METRIC_DEFAULTS.ratePer,
    }),
  };
  return {
    tags: ['Jaeger v1'],
    summary: SUMMARIES[kind],
    querystring: { type: 'object', properties },
  };
}

/** Adds Jaeger's metrics API below the prefix of `app`: what its Monitor page calls. */
export function addJaegerMetricsRoutes(
  app: FastifyInstance,
  deps: { readonly database: Database; readonly clock: Clock },
): void {
  for (const kind of ['latencies', 'calls', 'errors'] as const) {
    app.get(`/metrics/${kind}`, { schema: docOf(kind) }, async (request, reply) => {
      const parameters = createParameters(request.query);
      const asked = metricRequestOf(parameters, kind, deps.clock);
      if (parameters.problems.length > 0) {
        return reply.code(400).send(refused(400, parameters.problems));
      }
      const { services, kinds, byOperation, range, times } = asked;
      const withBuckets = kind === 'latencies';
      const rows_max = ROWS_MAX[kind];
      const query = { services, kinds, byOperation, range, slot_s: times.slot_s, withBuckets };
      const statement = paneSlotsStatement({ ...query, rows_max: rows_max + 1 });
      const rows = await deps.database.rows<SlotRow>(statement);
      if (rows.length > rows_max) {
        const cure = 'ask for fewer services, a shorter lookback, or a step of more whole minutes';
        return reply.code(400).send(refused(400, [`that is more than can be answered: ${cure}`]));
      }
      return metricFamily(rows, asked);
    });
  }

  const schema = {
    tags: ['Jaeger v1'],
    summary: 'The shortest step that makes a difference, in ms',
  };
  app.get('/metrics/minstep', { schema }, async () => ({
    data: PANE_S * 1000,
    total: 0,
    limit: 0,
    offset: 0,
    errors: null,
  }));
}
