import { KIND_WORDS } from '../jaeger/kinds';
import { SEARCH_LIMITS } from './search-parameters';

/** A parameter of the API description. Values are checked by the routes, which say what is wrong. */
export function parameter(
  type: 'string' | 'integer' | 'boolean',
  description: string,
  more: object = {},
) {
  return { type, description, ...more };
}

const tags = ['Jaeger v1'];
const path = (properties: object) => ({ type: 'object', properties });

/** What the API description says about Jaeger's routes. */
export const DOCS = {
  services: { tags, summary: 'Names of all services' },
  serviceOperations: {
    tags,
    summary: 'Names of the operations of a service',
    params: path({ service: parameter('string', 'Name of the service') }),
  },
  operations: {
    tags,
    summary: 'Operations of a service with their kinds',
    querystring: path({
      service: parameter('string', 'Name of the service; required'),
      spanKind: parameter('string', `One of ${KIND_WORDS.join(', ')}`),
    }),
  },
  trace: {
    tags,
    summary:
      'One trace with the spans of its open window, `open` and warnings; 404 when there is none',
    params: path({ id: parameter('string', 'Trace id, 1 to 32 hex digits') }),
  },
  search: {
    tags,
    summary: 'Traces that have a span which meets all conditions, the newest first',
    querystring: path({
      service: parameter('string', 'Name of the service'),
      operation: parameter('string', 'Name of the operation'),
      tags: parameter('string', 'JSON object of tags and values'),
      tag: parameter('string', 'key:value; may be repeated'),
      start: parameter('integer', 'Earliest start of the span, µs since 1970'),
      end: parameter('integer', 'Latest start of the span, µs since 1970'),
      minDuration: parameter('string', 'Such as 100us, 1ms, 2.5s'),
      maxDuration: parameter('string', 'Such as 100us, 1ms, 2.5s'),
      limit: parameter('integer', 'Traces at most', {
        default: SEARCH_LIMITS.default,
        minimum: SEARCH_LIMITS.min,
        maximum: SEARCH_LIMITS.max,
      }),
      traceID: parameter(
        'string',
        'These traces, open ones too, instead of a search; may be repeated',
      ),
    }),
  },
} as const;
