import { UNPAIRED } from '@spanloom/trace';
import type { Statement } from './database';

/** Edges in one answer. */
export const EDGES_MAX = 10_000;
/** Quantiles of the durations of an edge's calls. */
export const EDGE_QUANTILES = [0.5, 0.95, 0.99] as const;

/** A row of {@link edgesStatement}; durations in ns, null where that side sent no spans. */
export interface EdgeRow {
  readonly client: string;
  readonly server: string;
  readonly type: string;
  readonly calls: number;
  readonly failed: number;
  /** In the order of {@link EDGE_QUANTILES}. */
  readonly client_nano: readonly (number | null)[];
  readonly server_nano: readonly (number | null)[];
}

/** A row of {@link unpairedStatement}. */
export interface UnpairedRow {
  readonly calls: number;
}

const RANGE = `PaneStart >= toStartOfMinute(toDateTime({start_s:UInt32})) AND PaneStart < toDateTime({end_s:UInt32})`;

/** The minutes that begin before `end_s`, and the one that `start_s` is in, to the last; s since 1970. */
export interface EdgeRange {
  readonly start_s: number;
  readonly end_s: number;
}

/** The service graph: calls between named nodes, most calls first. */
export function edgesStatement(range: EdgeRange): Statement {
  return {
    name: 'edges',
    sql: `SELECT
  pane.Client AS client,
  pane.Server AS server,
  pane.ConnectionType AS type,
  sum(pane.Calls) AS calls,
  sum(pane.Failed) AS failed,
  latencyQuantiles([${EDGE_QUANTILES.join(', ')}], sumMap(pane.ClientBuckets), 0, inf) AS client_nano,
  latencyQuantiles([${EDGE_QUANTILES.join(', ')}], sumMap(pane.ServerBuckets), 0, inf) AS server_nano
FROM service_edge_panes AS pane
WHERE ${RANGE} AND pane.ConnectionType != {unpaired:String}
GROUP BY client, server, type
HAVING calls > 0
ORDER BY calls DESC, client, server, type
LIMIT {edges_max:UInt32}`,
    params: { ...range, unpaired: UNPAIRED, edges_max: EDGES_MAX },
  };
}

/** How many calls the graph lacks, because one side is not known. */
export function unpairedStatement(range: EdgeRange): Statement {
  return {
    name: 'unpaired',
    sql: `SELECT sum(pane.Calls) AS calls FROM service_edge_panes AS pane
WHERE ${RANGE} AND pane.ConnectionType = {unpaired:String}`,
    params: { ...range, unpaired: UNPAIRED },
  };
}
