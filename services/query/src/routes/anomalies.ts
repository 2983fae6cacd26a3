import type { FastifyInstance } from 'fastify';
import { jaegerKindOf } from '../jaeger/kinds';
import { type AnomalyRow, anomaliesStatement } from '../sql/anomalies';
import type { Database } from '../sql/database';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import { createParameters } from './parameters';
import { timeOf } from './series-parameters';

const EVENTS = { default: 100, min: 1, max: 1_000 } as const;
/** The end of ClickHouse's DateTime, in the year 2106. */
const SECONDS_MAX = 4_294_967_295;

const DOC = {
  tags: ['Analysis'],
  summary:
    'Services whose self times, failures or shape have left their baselines, the newest first',
  querystring: {
    type: 'object',
    properties: {
      service: parameter('string', 'Only events that name this service'),
      start: parameter(
        'string',
        'Earliest span time, RFC 3339 or Unix time; default: the beginning',
      ),
      end: parameter('string', 'End of the range, not included; default: everything'),
      limit: parameter('integer', 'Events at most', { default: EVENTS.default }),
    },
  },
} as const;

/** Adds `/anomalies` below the prefix of `app`. */
export function addAnomaliesRoute(
  app: FastifyInstance,
  { database }: { readonly database: Database },
): void {
  app.get('/anomalies', { schema: DOC }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const filter = {
      service: parameters.text('service'),
      start_s: timeOf(parameters, 'start') ?? 0,
      end_s: timeOf(parameters, 'end') ?? SECONDS_MAX,
    };
    const events_max = parameters.int('limit', EVENTS);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    const rows = await database.rows<AnomalyRow>(anomaliesStatement(filter, events_max + 1));
    return {
      truncated: rows.length > events_max,
      anomalies: rows.slice(0, events_max).map(anomalyOf),
    };
  });
}

const NANO_PER_MS = 1e6;

/** One event of the answer: self times in ms, shares 0 to 1. */
export function anomalyOf(row: AnomalyRow): object {
  const { id, incident, services } = row;
  const findings = row.what.map((_, at) => findingOf(row, at));
  return { id, incident, at: new Date(row.at_s * 1000).toISOString(), services, findings };
}

function findingOf(row: AnomalyRow, at: number): object {
  const what = row.what[at] as string;
  const isTime = what === 'self-time';
  const observed = row.observed[at] as number;
  const expected = row.expected[at] as number;
  const kind = row.kind[at] as string;
  return {
    what,
    service: row.service[at],
    operation: row.operation[at],
    kind: kind === '' ? null : jaegerKindOf(kind),
    peer: row.peer[at],
    missing: row.missing[at],
    traces: row.traces[at],
    ...(isTime
      ? {
          p99_ms: observed / NANO_PER_MS,
          baseline_p99_ms: expected / NANO_PER_MS,
          excess_ms: (row.excess_nano[at] as number) / NANO_PER_MS,
        }
      : { share: observed, baseline_share: expected }),
    effect: row.effect[at],
    evidence: row.evidence[at],
    trace_ids: row.trace_ids[at],
  };
}
