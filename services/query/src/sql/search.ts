import type { Statement } from './database';

/** What a trace must have: one span that meets all of it. */
export interface Search {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** Start of the span, ns since 1970, both ends included. */
  readonly startNano?: bigint | undefined;
  readonly endNano?: bigint | undefined;
  /** Duration of the span, ns, both ends included. */
  readonly minNano?: bigint | undefined;
  readonly maxNano?: bigint | undefined;
  /** Traces at most. */
  readonly limit: number;
}

/** A row of {@link searchStatement}. */
export interface FoundRow {
  readonly id: string;
}

/** The traces that have a span which meets the search, those with the newest such span first. */
export function searchStatement(search: Search): Statement {
  const conditions: string[] = [];
  const params: Record<string, unknown> = { limit: search.limit };
  const need = (condition: string, name: string, value: string | bigint | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params[name] = String(value);
  };
  need('ServiceName = {service:String}', 'service', search.service);
  need('SpanName = {operation:String}', 'operation', search.operation);
  need('Timestamp >= fromUnixTimestamp64Nano({from:Int64})', 'from', search.startNano);
  need('Timestamp <= fromUnixTimestamp64Nano({to:Int64})', 'to', search.endNano);
  need('Duration >= {least:UInt64}', 'least', search.minNano);
  need('Duration <= {most:UInt64}', 'most', search.maxNano);
  for (const [i, [key, value]] of search.tags.entries()) {
    conditions.push(tagCondition(key, value, `key${i}`, `value${i}`));
    params[`key${i}`] = key;
    params[`value${i}`] = value;
  }
  return {
    name: 'search',
    sql: `SELECT TraceId AS id FROM otel_traces
${conditions.length === 0 ? '' : `WHERE ${conditions.join('\n  AND ')}\n`}GROUP BY TraceId
ORDER BY max(Timestamp) DESC, TraceId
LIMIT {limit:UInt32}`,
    params,
  };
}

/** Tags that Jaeger makes of a span's own columns, and so searches by. */
const COLUMN_TAGS: Readonly<Record<string, string>> = {
  'span.kind': 'lower(SpanKind)',
  'otel.status_code': 'upper(StatusCode)',
  'otel.status_description': 'StatusMessage',
  'otel.scope.name': 'ScopeName',
  'otel.scope.version': 'ScopeVersion',
  'otel.library.name': 'ScopeName',
  'otel.library.version': 'ScopeVersion',
  'w3c.tracestate': 'TraceState',
};

function tagCondition(key: string, value: string, keyParam: string, valueParam: string): string {
  const wanted = `{${valueParam}:String}`;
  const either = ['SpanAttributes', 'ResourceAttributes']
    .map(
      (map) =>
        `(mapContains(${map}, {${keyParam}:String}) AND ${map}[{${keyParam}:String}] = ${wanted})`,
    )
    .join(' OR ');
  if (key === 'error' && value === 'true') return `(StatusCode = 'Error' OR ${either})`;
  if (key === 'error' && value === 'false') {
    return `(StatusCode != 'Error' AND SpanAttributes[{${keyParam}:String}] IN ('', ${wanted}))`;
  }
  const column = Object.hasOwn(COLUMN_TAGS, key) ? COLUMN_TAGS[key] : undefined;
  return column === undefined ? `(${either})` : `(${column} = ${wanted} OR ${either})`;
}
