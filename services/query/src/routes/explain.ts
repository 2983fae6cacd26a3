import { type Comparison, explain } from '@spanloom/outlier';
import type { FastifyInstance } from 'fastify';
import type { Database } from '../sql/database';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import { createParameters, type Parameters } from './parameters';

const DOC = {
  tags: ['Analysis'],
  summary:
    'What the slow spans of a service have that the others do not, and where below them the time goes',
  querystring: {
    type: 'object',
    properties: {
      service: parameter('string', 'Name of the service'),
      slowerThan: parameter('string', 'A span is slow that takes so long or longer, such as 500ms'),
      operation: parameter(
        'string',
        'Only spans of this name; default: the spans by which the service is entered',
      ),
      start: parameter('integer', 'Start of the span at or after this, µs since 1970'),
      end: parameter('integer', 'Start of the span before this, µs since 1970'),
    },
  },
} as const;

function comparisonOf(parameters: Parameters): Comparison {
  const service = parameters.text('service');
  const slowerThanNano = parameters.duration('slowerThan');
  const fromNano = parameters.micros('start');
  const toNano = parameters.micros('end');
  if (service === undefined) parameters.problem('service is missing');
  if (slowerThanNano === undefined && parameters.problems.length === 0) {
    parameters.problem('slowerThan is missing: a duration such as 500ms');
  }
  if (fromNano !== undefined && toNano !== undefined && fromNano >= toNano) {
    parameters.problem('start should be before end');
  }
  const operation = parameters.text('operation');
  return {
    service: service ?? '',
    operation,
    slowerThanNano: slowerThanNano ?? 0n,
    fromNano,
    toNano,
  };
}

/** Adds `/explain` below the prefix of `app`. Durations in ns; shares of one. */
export function addExplainRoute(app: FastifyInstance, deps: { readonly database: Database }): void {
  app.get('/explain', { schema: DOC }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const comparison = comparisonOf(parameters);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    return explain(comparison, (statement) => deps.database.rows(statement));
  });
}
