import type { FastifyInstance, FastifyReply } from 'fastify';
import { traceIdOf } from '../jaeger/ids';
import { jaegerKindOf } from '../jaeger/kinds';
import { type JaegerTrace, jaegerTraces, withLastWarning } from '../jaeger/trace';
import type { TraceRead, TraceReader, TracesRead } from '../live/trace-reader';
import type { Database } from '../sql/database';
import {
  type OperationRow,
  operationsStatement,
  type ServiceRow,
  servicesStatement,
} from '../sql/names';
import { type FoundRow, searchStatement } from '../sql/search';
import { listed, refused } from './envelope';
import { DOCS } from './jaeger-docs';
import { noTrace, TRACE_ID_WANTED } from './no-trace';
import { createParameters, type Parameters } from './parameters';
import { SEARCH_LIMITS, searchOf } from './search-parameters';

/** What the routes work with. */
export interface JaegerDeps {
  readonly config: { readonly answer_spans_max: number };
  readonly database: Database;
  readonly traces: TraceReader;
}

/** Adds Jaeger's query API, version 1, below the prefix of `app`: what Grafana's Jaeger data source calls. */
export function addJaegerRoutes(app: FastifyInstance, deps: JaegerDeps): void {
  addNameRoutes(app, deps.database);
  addTraceRoutes(app, deps);
}

/** Answers 400 if something is wrong with the parameters, else what `answer` gives. */
async function unlessBad(
  reply: FastifyReply,
  { problems }: Parameters,
  answer: () => Promise<unknown>,
): Promise<unknown> {
  return problems.length > 0 ? reply.code(400).send(refused(400, problems)) : answer();
}

function addNameRoutes(app: FastifyInstance, database: Database): void {
  app.get('/services', { schema: DOCS.services }, async () => {
    const rows = await database.rows<ServiceRow>(servicesStatement());
    return listed(rows.map(({ service }) => service));
  });

  app.get<{ Params: { service: string } }>(
    '/services/:service/operations',
    { schema: DOCS.serviceOperations },
    async (request) => {
      const statement = operationsStatement(request.params.service);
      const rows = await database.rows<OperationRow>(statement);
      return listed([...new Set(rows.map(({ name }) => name))]);
    },
  );

  app.get('/operations', { schema: DOCS.operations }, (request, reply) => {
    const parameters = createParameters(request.query);
    const service = parameters.text('service');
    const kind = parameters.kind('spanKind');
    if (service === undefined) parameters.problem('service is missing: name one of /api/services');
    return unlessBad(reply, parameters, async () => {
      const rows = await database.rows<OperationRow>(operationsStatement(service ?? '', kind));
      return listed(rows.map((row) => ({ name: row.name, spanKind: jaegerKindOf(row.kind) })));
    });
  });
}

function addTraceRoutes(app: FastifyInstance, { config, database, traces }: JaegerDeps): void {
  const { answer_spans_max } = config;
  app.get<{ Params: { id: string } }>(
    '/traces/:id',
    { schema: DOCS.trace },
    async (request, reply) => {
      const id = traceIdOf(request.params.id);
      if (id === null) return reply.code(400).send(refused(400, [TRACE_ID_WANTED]));
      const read = await traces.read([id]);
      if (read.traces.length > 0) return listed(openTraces(read, answer_spans_max));
      return reply.code(404).send(refused(404, noTrace(id, read)));
    },
  );

  app.get('/traces', { schema: DOCS.search }, (request, reply) => {
    const parameters = createParameters(request.query);
    const ids = parameters.traceIds('traceID');
    if (ids.length > SEARCH_LIMITS.max) {
      parameters.problem(`traceID is given more than ${SEARCH_LIMITS.max} times: give fewer`);
    }
    const search = searchOf(parameters);
    return unlessBad(reply, parameters, async () => {
      if (ids.length > 0) return listed(openTraces(await traces.read(ids), answer_spans_max));
      const rows = await database.rows<FoundRow>(searchStatement(search));
      return listed(storedTraces(await traces.stored(rows.map(({ id }) => id)), answer_spans_max));
    });
  });
}

/** Traces in Jaeger's JSON, cut as they were read. */
function storedTraces({ traces, truncated }: TracesRead, spans_max: number): JaegerTrace[] {
  const found = jaegerTraces(traces.flatMap(({ spans }) => spans));
  if (!truncated) return found;
  const cure = 'ask for fewer traces, or raise SPANLOOM_ANSWER_SPANS_MAX';
  return withLastWarning(found, `the answer was cut after ${spans_max} spans: ${cure}`);
}

/** The same, with what is known of each trace's open window. */
function openTraces(read: TracesRead, spans_max: number): JaegerTrace[] {
  return storedTraces(read, spans_max).map((trace, i) => {
    const { open, warnings } = read.traces[i] as TraceRead;
    const all = [...warnings, ...(trace.warnings ?? [])];
    return { ...trace, open, warnings: all.length === 0 ? null : all };
  });
}
