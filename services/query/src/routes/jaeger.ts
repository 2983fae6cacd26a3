import { type StoredSpanRow, spanOfRow } from '@spanloom/clickhouse';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { traceIdOf } from '../jaeger/ids';
import { jaegerKindOf } from '../jaeger/kinds';
import { type JaegerTrace, jaegerTraces, withLastWarning } from '../jaeger/trace';
import type { Database } from '../sql/database';
import {
  type OperationRow,
  operationsStatement,
  type ServiceRow,
  servicesStatement,
} from '../sql/names';
import { type FoundRow, type Search, searchStatement } from '../sql/search';
import { spansStatement } from '../sql/spans';
import { listed, refused } from './envelope';
import { DOCS } from './jaeger-docs';
import { createParameters, type Parameters } from './parameters';
import { SEARCH_LIMITS, searchOf } from './search-parameters';

/** What the routes work with. */
export interface JaegerDeps {
  readonly config: { readonly answer_spans_max: number };
  readonly database: Database;
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

function addTraceRoutes(app: FastifyInstance, { config, database }: JaegerDeps): void {
  app.get<{ Params: { id: string } }>(
    '/traces/:id',
    { schema: DOCS.trace },
    async (request, reply) => {
      const id = traceIdOf(request.params.id);
      if (id === null) {
        return reply.code(400).send(refused(400, ['a trace id is 1 to 32 hex digits, not all 0']));
      }
      const traces = await readTraces([id]);
      if (traces.length > 0) return listed(traces);
      const why = `there is no trace ${id}: it may be still open, or older than the retention`;
      return reply.code(404).send(refused(404, [why]));
    },
  );

  app.get('/traces', { schema: DOCS.search }, (request, reply) => {
    const parameters = createParameters(request.query);
    const ids = parameters.traceIds('traceID');
    if (ids.length > SEARCH_LIMITS.max) {
      parameters.problem(`traceID is given more than ${SEARCH_LIMITS.max} times: give fewer`);
    }
    const search = searchOf(parameters);
    return unlessBad(reply, parameters, async () =>
      listed(await readTraces(ids.length > 0 ? ids : await find(search))),
    );
  });

  async function find(search: Search): Promise<readonly string[]> {
    const rows = await database.rows<FoundRow>(searchStatement(search));
    return rows.map(({ id }) => id);
  }

  async function readTraces(ids: readonly string[]): Promise<readonly JaegerTrace[]> {
    if (ids.length === 0) return [];
    const spans_max = config.answer_spans_max;
    const rows = await database.rows<StoredSpanRow>(spansStatement(ids, spans_max + 1));
    const traces = jaegerTraces(rows.slice(0, spans_max).map(spanOfRow));
    if (rows.length <= spans_max) return traces;
    const cure = 'ask for fewer traces, or raise SPANLOOM_ANSWER_SPANS_MAX';
    return withLastWarning(traces, `the answer was cut after ${spans_max} spans: ${cure}`);
  }
}
