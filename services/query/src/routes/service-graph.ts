import type { Clock } from '@spanloom/runtime';
import { EDGE_PANE_S } from '@spanloom/trace';
import type { FastifyInstance } from 'fastify';
import type { Database } from '../sql/database';
import {
  EDGE_QUANTILES,
  EDGES_MAX,
  type EdgeRange,
  type EdgeRow,
  edgesStatement,
  type UnpairedRow,
  unpairedStatement,
} from '../sql/edges';
import { listed, refused } from './envelope';
import { parameter } from './jaeger-docs';
import { createParameters, type Parameters } from './parameters';

const LOOKBACK_MS = 86_400_000;
/** The end of ClickHouse's DateTime, in 2106. */
const TIME_MS_MAX = 4_294_967_295_000;

const querystring = {
  type: 'object',
  properties: {
    endTs: parameter('integer', 'End of the range, ms since 1970; default: now'),
    lookback: parameter('integer', 'Length of the range, ms', { default: LOOKBACK_MS }),
  },
} as const;

/** What the routes work with. */
export interface ServiceGraphDeps {
  readonly database: Database;
  readonly clock: Clock;
}

/** The range asked for: panes are whole minutes. */
function rangeOf(parameters: Parameters, clock: Clock): EdgeRange {
  const accepts = { min: 0, max: TIME_MS_MAX };
  const end_ms = parameters.int('endTs', { default: clock.nowMs(), ...accepts });
  const lookback_ms = parameters.int('lookback', { default: LOOKBACK_MS, ...accepts });
  const start_s = Math.max(0, Math.floor((end_ms - lookback_ms) / 1000));
  return { start_s, end_s: Math.ceil(end_ms / 1000) };
}

/** Adds Jaeger's `/dependencies` below the prefix of `app`: services, and the databases and queues that they call. */
export function addDependenciesRoute(app: FastifyInstance, deps: ServiceGraphDeps): void {
  const summary = 'Who called whom, and how often';
  const schema = { tags: ['Jaeger v1'], summary, querystring };
  app.get('/dependencies', { schema }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const range = rangeOf(parameters, deps.clock);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    const rows = await deps.database.rows<EdgeRow>(edgesStatement(range));
    return listed(dependenciesOf(rows));
  });
}

/** Jaeger knows one edge between two nodes: types are taken together. */
export function dependenciesOf(
  rows: readonly Pick<EdgeRow, 'client' | 'server' | 'calls'>[],
): readonly object[] {
  const found = new Map<string, { parent: string; child: string; callCount: number }>();
  for (const { client: parent, server: child, calls } of rows) {
    const key = JSON.stringify([parent, child]);
    const callCount = (found.get(key)?.callCount ?? 0) + calls;
    found.set(key, { parent, child, callCount });
  }
  return [...found.values()];
}

/** Adds `/service-graph` below the prefix of `app`. */
export function addServiceGraphRoute(app: FastifyInstance, deps: ServiceGraphDeps): void {
  const summary = 'Calls, failures and durations between services, databases and queues';
  const schema = { tags: ['Analysis'], summary, querystring };
  app.get('/service-graph', { schema }, async (request, reply) => {
    const parameters = createParameters(request.query);
    const range = rangeOf(parameters, deps.clock);
    if (parameters.problems.length > 0) {
      return reply.code(400).send(refused(400, parameters.problems));
    }
    const [rows, [unpaired]] = await Promise.all([
      deps.database.rows<EdgeRow>(edgesStatement(range)),
      deps.database.rows<UnpairedRow>(unpairedStatement(range)),
    ]);
    return {
      start: new Date(range.start_s * 1000).toISOString(),
      end: new Date(range.end_s * 1000).toISOString(),
      truncated: rows.length === EDGES_MAX,
      unpaired_calls: unpaired?.calls ?? 0,
      edges: rows.map((row) => edgeOf(row, secondsIn(range))),
    };
  });
}

const NANO_PER_MS = 1e6;

/** Length of what is read: from the beginning of the first minute to that of the one after the last. */
function secondsIn({ start_s, end_s }: EdgeRange): number {
  const first_s = start_s - (start_s % EDGE_PANE_S);
  return Math.max(1, Math.ceil(end_s / EDGE_PANE_S) * EDGE_PANE_S - first_s);
}

/** One edge of the answer: calls per second, durations in ms, as the caller and the callee saw them; null where a side sends no spans. */
function edgeOf(row: EdgeRow, range_s: number): object {
  const quantiles = (nanos: EdgeRow['client_nano']): object =>
    Object.fromEntries(
      EDGE_QUANTILES.map((q, i) => {
        const nano = nanos[i] ?? null;
        return [`p${q * 100}_ms`, nano === null ? null : nano / NANO_PER_MS];
      }),
    );
  return {
    client: row.client,
    server: row.server,
    connection_type: row.type,
    calls: row.calls,
    rate: row.calls / range_s,
    failed: row.failed,
    failure_rate: row.failed / row.calls,
    seen_by_client: quantiles(row.client_nano),
    seen_by_server: quantiles(row.server_nano),
  };
}
