import type { Clock } from '@spanloom/runtime';
import type { FastifyInstance } from 'fastify';
import { pipelineFamilies } from '../pipeline/families';
import { figuresAnswer, readFigures } from '../pipeline/figures';
import { CONTENT_TYPES, exposition, formatFor } from '../prometheus/exposition';
import type { Database } from '../sql/database';
import type { PipelineRange } from '../sql/pipeline';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import { createParameters, type Parameters } from './parameters';

const LOOKBACK_MS = 3_600_000;
/** The end of ClickHouse's DateTime, in 2106, less the minute that rounding may add. */
const TIME_MS_MAX = 4_294_967_220_000;
const MINUTE_MS = 60_000;
const SERVICES = { default: 100, min: 1, max: 1_000 } as const;

const querystring = {
  type: 'object',
  properties: {
    endTs: parameter(
      'integer',
      'End of the range, ms since 1970, taken up to a minute; default: now',
    ),
    lookback: parameter('integer', 'Length of the range, ms', { default: LOOKBACK_MS }),
    services: parameter(
      'integer',
      'Services told apart; further ones are taken together as "other"',
      {
        default: SERVICES.default,
      },
    ),
  },
} as const;

const number = { type: 'number' } as const;
const numbers = (...names: readonly string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, number])),
});
const scoped = (figures: object) => ({
  type: 'object',
  properties: {
    overall: { ...figures, nullable: true },
    services: { type: 'array', items: figures, description: 'The same with `service`' },
  },
});
const CAPTURE = numbers(
  'processes',
  'total',
  'dropped',
  'captured',
  'unreported',
  'missing',
  'rate_percent',
);
const QUANTILES = ['p50_ms', 'p75_ms', 'p90_ms', 'p95_ms', 'p99_ms', 'p999_ms'];
const DELAY = scoped(numbers('count', 'clamped', 'mean_ms', 'min_ms', 'max_ms', ...QUANTILES));
const legs = (...names: readonly string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, DELAY])),
});

/** For the description only: answers are as the route makes them. */
const ANSWER = {
  200: {
    type: 'object',
    additionalProperties: true,
    properties: {
      start: { type: 'string' },
      end: { type: 'string' },
      capture: {
        ...scoped(CAPTURE),
        description: 'Captured ÷ total × 100 %; `pipeline`: by the ledger',
      },
      transfer: {
        ...legs('producer', 'gateway'),
        description: 'Send, or receipt by the gateway → append',
      },
      storage: { ...legs('whole', 'closed'), description: 'Append, or close of the window → row' },
      analysis: { ...legs('all'), description: 'Query → answer; by route, and over all' },
    },
  },
} as const;

/** What the routes work with. */
export interface PipelineDeps {
  readonly database: Database;
  readonly clock: Clock;
}

function rangeOf(parameters: Parameters, clock: Clock): PipelineRange {
  const accepts = { min: 0, max: TIME_MS_MAX };
  const end_ms = parameters.int('endTs', { default: clock.nowMs(), ...accepts });
  const lookback_ms = parameters.int('lookback', { default: LOOKBACK_MS, ...accepts });
  const services_max = parameters.int('services', SERVICES);
  const start_min = Math.max(0, Math.floor((end_ms - lookback_ms) / MINUTE_MS));
  return { start_s: start_min * 60, end_s: Math.ceil(end_ms / MINUTE_MS) * 60, services_max };
}

/**
 * Adds `/pipeline` and `/pipeline/metrics` below the prefix of `app`: data capture rate, and the delays of transfer,
 * storage and analysis (docs/pipeline-figures.md), as JSON and for Prometheus. Both read the views that people read.
 */
export function addPipelineRoutes(app: FastifyInstance, { database, clock }: PipelineDeps): void {
  const json = {
    tags: ['Pipeline'],
    summary: 'Data capture rate, and the delays of transfer, storage and analysis',
    querystring,
    response: ANSWER as object,
  };
  app.get('/pipeline', { schema: json }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const range = rangeOf(parameters, clock);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    return figuresAnswer(await readFigures(range, database));
  });
  const text = { tags: ['Pipeline'], summary: 'The same for Prometheus', querystring };
  app.get('/pipeline/metrics', { schema: text }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const range = rangeOf(parameters, clock);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    const figures = await readFigures(range, database);
    const format = formatFor(request.headers.accept);
    reply.header('content-type', CONTENT_TYPES[format]).header('vary', 'accept');
    return reply.send(exposition(pipelineFamilies(figures), format));
  });
}
