import type { FastifyInstance, FastifySchema } from 'fastify';
import type { LiveReader, PartitionWindows } from '../live/live-reader';
import { wordsOf } from '../live/outcome';
import { inOrder, type OpenTrace, WINDOW_ORDERS } from '../live/partition-summary';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import { createParameters } from './parameters';

/** Open traces in one answer. */
const TRACES_LIMITS = { default: 20, min: 0, max: 1_000 } as const;

const DOC: FastifySchema = {
  tags: ['Windows'],
  summary:
    'Open windows of each partition as of its last checkpoint, and the oldest or largest open traces; 503 when none can be read',
  querystring: {
    type: 'object',
    properties: {
      order: parameter('string', 'Which open traces come first', {
        enum: WINDOW_ORDERS,
        default: WINDOW_ORDERS[0],
      }),
      limit: parameter('integer', 'Open traces at most', {
        default: TRACES_LIMITS.default,
        minimum: TRACES_LIMITS.min,
        maximum: TRACES_LIMITS.max,
      }),
    },
  },
  response: { 200: answerSchema() },
};

/** Adds `/windows` below the prefix of `app`. */
export function addWindowsRoute(
  app: FastifyInstance,
  { live }: { readonly live: LiveReader },
): void {
  app.get('/windows', { schema: DOC }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const order = parameters.oneOf('order', WINDOW_ORDERS);
    const limit = parameters.int('limit', TRACES_LIMITS);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    const all = await live.partitions(order, limit);
    const warnings = warningsOf(all);
    const readable = all.some(({ windows }) => windows === null || windows.ok);
    if (!readable) return reply.code(503).header('retry-after', '2').send(refused(503, warnings));
    const first = all
      .flatMap(({ windows }) => (windows?.ok ? windows.value.first : []))
      .sort(inOrder(order))
      .slice(0, limit);
    return { order, partitions: all.map(partitionOf), traces: first.map(traceOf), warnings };
  });
}

/** One warning for each reason, with the partitions that it is about. */
function warningsOf(all: readonly PartitionWindows[]): readonly string[] {
  const byReason = new Map<string, number[]>();
  for (const { partition, windows } of all) {
    if (windows === null || windows.ok) continue;
    const words = wordsOf(windows.why);
    byReason.set(words, [...(byReason.get(words) ?? []), partition]);
  }
  return [...byReason].map(
    ([words, partitions]) =>
      `open windows of partition ${partitions.join(', ')} are missing: ${words}`,
  );
}

/** `state`: read; empty, when Redis holds nothing of the partition; or why it could not be read. */
function partitionOf({ partition, windows }: PartitionWindows): object {
  if (windows === null) return { partition, state: 'empty' };
  if (!windows.ok) return { partition, state: windows.why };
  const { applied, clockS, spans, bytes, stored_bytes, oldestS } = windows.value;
  return {
    partition,
    state: 'read',
    log_clock: timeOf(clockS),
    applied_offset: applied,
    open_windows: windows.value.windows,
    spans,
    bytes,
    stored_bytes,
    oldest_age_s: oldestS === null ? null : clockS - oldestS,
  };
}

function traceOf(trace: OpenTrace): object {
  return {
    trace_id: trace.traceId,
    partition: trace.partition,
    opened_at: timeOf(trace.openedAtS),
    age_s: trace.clockS - trace.openedAtS,
    quiet_s: trace.clockS - trace.lastS,
    spans: trace.spans,
    bytes: trace.bytes,
    has_root: trace.root,
  };
}

function timeOf(unixS: number): string {
  // Redis may hold anything; a time beyond what a Date can be is no reason to fail.
  return new Date(Math.min(unixS, 4_294_967_295) * 1000).toISOString();
}

function answerSchema() {
  const object = (properties: object) => ({ type: 'object', properties });
  const list = (items: object, description: string) => ({ type: 'array', items, description });
  return object({
    order: parameter('string', 'As asked for'),
    partitions: list(
      object({
        partition: parameter('integer', 'Of the topic spans'),
        state: parameter(
          'string',
          'read; empty: Redis holds nothing of it; else why it is missing',
        ),
        log_clock: parameter('string', 'Greatest append time seen, RFC 3339'),
        applied_offset: parameter('integer', 'Offset up to which the windows hold everything'),
        open_windows: parameter('integer', 'Traces that are open'),
        spans: parameter('integer', 'Spans in them, second copies included'),
        bytes: parameter('integer', 'Bytes of these spans'),
        stored_bytes: parameter('integer', 'Bytes of segments in Redis'),
        oldest_age_s: { ...parameter('integer', 'By the log clock'), nullable: true },
      }),
      'All of them, in their order',
    ),
    traces: list(
      object({
        trace_id: parameter('string', '32 hex digits'),
        partition: parameter('integer', 'Of the topic spans'),
        opened_at: parameter('string', 'By the log clock, RFC 3339'),
        age_s: parameter('integer', 'Since it was opened, by the log clock'),
        quiet_s: parameter('integer', 'Since its last span came, by the log clock'),
        spans: parameter('integer', 'Spans so far, second copies included'),
        bytes: parameter('integer', 'Bytes of these spans'),
        has_root: parameter('boolean', 'Whether a span without parent has come'),
      }),
      'In the order asked for',
    ),
    warnings: list({ type: 'string' }, 'What is missing, and the cure'),
  });
}
