import { SPAN_KIND_NAMES, type Span } from '@spanloom/model';
import { analyzeTrace } from '@spanloom/trace';
import type { FastifyInstance } from 'fastify';
import { traceIdOf } from '../jaeger/ids';
import { jaegerKindOf } from '../jaeger/kinds';
import type { TraceReader } from '../live/trace-reader';
import { refused } from './envelope';
import { parameter } from './jaeger-docs';
import { noTrace, TRACE_ID_WANTED } from './no-trace';

const DOC = {
  tags: ['Analysis'],
  summary: 'What a trace shows: critical path, error origin, clock skew, calls, completeness',
  params: {
    type: 'object',
    properties: { id: parameter('string', 'Trace id, 1 to 32 hex digits') },
  },
} as const;

/** Adds `/traces/{id}/analysis` below the prefix of `app`: computed anew from all spans, stored or open. */
export function addTraceAnalysisRoute(
  app: FastifyInstance,
  { traces }: { readonly traces: TraceReader },
): void {
  app.get<{ Params: { id: string } }>(
    '/traces/:id/analysis',
    { schema: DOC },
    async (request, reply) => {
      const id = traceIdOf(request.params.id);
      if (id === null) return reply.code(400).send(refused(400, [TRACE_ID_WANTED]));
      const read = await traces.read([id]);
      const [trace] = read.traces;
      if (trace === undefined) return reply.code(404).send(refused(404, noTrace(id, read)));
      const { open, warnings, spans } = trace;
      return { trace_id: id, truncated: read.truncated, open, warnings, ...analysisOf(spans) };
    },
  );
}

/** The analysis as JSON. Points in time are texts of ns since 1970, which a JSON number cannot hold; durations ns. */
export function analysisOf(spans: readonly Span[]): object {
  const found = analyzeTrace(spans);
  const named = (index: number | null): object | null => {
    const span = index === null ? undefined : spans[index];
    if (span === undefined) return null;
    return { span_id: span.spanId, service: span.service, operation: span.name };
  };
  const idOf = (index: number | null): string | null =>
    index === null ? null : (spans[index]?.spanId ?? null);
  return {
    root: named(found.root),
    start_unix_nano: String(found.startUnixNano),
    duration_nano: found.durationNano,
    span_count: found.spanCount,
    error_count: found.errorCount,
    services: found.services,
    depth: found.depth,
    root_count: found.rootCount,
    orphan_count: found.orphanCount,
    missing_parent_count: found.missingParentCount,
    cut_link_count: found.cutCount,
    complete: found.isComplete,
    completeness: found.completeness,
    error_origin: named(found.errorOrigin),
    error_origin_count: found.errorOriginCount,
    exclusive: found.exclusive.map(({ service, operation, exclusiveNano }) => ({
      service,
      operation,
      nano: exclusiveNano,
    })),
    critical_path: found.criticalPath.map(({ span, startUnixNano, durationNano }) => ({
      span_id: idOf(span),
      start_unix_nano: String(startUnixNano),
      duration_nano: durationNano,
    })),
    clock_skew: found.skewedEdges.map(({ caller, callee, skewNano }) => ({
      caller: named(caller),
      callee: named(callee),
      skew_nano: skewNano,
    })),
    calls: found.calls.map(({ caller, callee, client, server, type, failed }) => ({
      client,
      server,
      connection_type: type,
      client_span_id: idOf(caller),
      server_span_id: idOf(callee),
      failed,
    })),
    spans: found.spans.map((one, i) => {
      const span = spans[i] as Span;
      return {
        span_id: span.spanId,
        kind: jaegerKindOf(SPAN_KIND_NAMES[span.kind]),
        parent_span_id: idOf(one.parent),
        depth: one.depth,
        start_unix_nano: String(span.startUnixNano),
        corrected_start_unix_nano: String(one.correctedStartUnixNano),
        duration_nano: Number(span.durationNano),
        exclusive_nano: one.exclusiveNano,
      };
    }),
  };
}
