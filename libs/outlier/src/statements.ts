/** A query as it is sent: fixed text, with `{name:Type}` places that the server fills. */
export interface ExplainStatement {
  /** For metrics; from a small closed set. */
  readonly name: string;
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Which spans are compared: those of one service, in two groups by their duration. */
export interface Comparison {
  readonly service: string;
  /** Only spans of this name. Without it, the spans by which the service is entered: server, consumer and roots. */
  readonly operation?: string | undefined;
  /** A span is slow that takes at least so long, ns. */
  readonly slowerThanNano: bigint;
  /** Start of the span, ns since 1970: fromNano ≤ start < toNano. */
  readonly fromNano?: bigint | undefined;
  readonly toNano?: bigint | undefined;
}

/** What part of the traces of each group is looked at, as bounds of a hash of the trace id. */
export interface SampleCut {
  readonly slow: number;
  readonly rest: number;
}

/** The hash of a trace id is below this. */
export const HASH_END = 1_000_000;

const SLOW = 'Duration >= {slower_than:UInt64}';
/** By which one span of several is chosen. */
const SPAN_HASH = 'cityHash64(SpanId, SpanKind)';
/** Longest text of an attribute that is told apart, in characters. */
const VALUE_CHARACTERS_MAX = 200;

function conditions(comparison: Comparison): { sql: string; params: Record<string, unknown> } {
  const { service, operation, slowerThanNano, fromNano, toNano } = comparison;
  const all = ['ServiceName = {service:String}'];
  const params: Record<string, unknown> = { service, slower_than: String(slowerThanNano) };
  if (operation === undefined) {
    all.push("(SpanKind IN ('Server', 'Consumer') OR ParentSpanId = '')");
  } else {
    all.push('SpanName = {operation:String}');
    params.operation = operation;
  }
  if (fromNano !== undefined) {
    all.push('Timestamp >= fromUnixTimestamp64Nano({from:Int64})');
    params.from = String(fromNano);
  }
  if (toNano !== undefined) {
    all.push('Timestamp < fromUnixTimestamp64Nano({to:Int64})');
    params.to = String(toNano);
  }
  return { sql: all.join('\n  AND '), params };
}

/**
 * One span of each trace and group, the traces chosen by a hash of their ids and the span by one of its own: spans
 * of a trace are not independent, and a trace with more of them would have more values to be found by.
 */
function sampled(comparison: Comparison, cut: SampleCut) {
  const { sql, params } = conditions(comparison);
  return {
    sql: `(SELECT TraceId, ${SLOW} AS is_slow,
  argMin((toString(SpanName), toString(SpanKind), toString(StatusCode), SpanAttributes, ResourceAttributes), ${SPAN_HASH}) AS span
FROM otel_traces
WHERE ${sql}
  AND cityHash64(TraceId) % ${HASH_END} < if(${SLOW}, {slow_cut:UInt32}, {rest_cut:UInt32})
GROUP BY TraceId, is_slow)`,
    params: { ...params, slow_cut: cut.slow, rest_cut: cut.rest },
  };
}

/** A row of {@link groupsStatement}. */
export interface GroupsRow {
  readonly slow: number;
  readonly rest: number;
}

/** How many spans each group has. */
export function groupsStatement(comparison: Comparison): ExplainStatement {
  const { sql, params } = conditions(comparison);
  return {
    name: 'explain_groups',
    sql: `SELECT countIf(${SLOW}) AS slow, countIf(NOT (${SLOW})) AS rest
FROM otel_traces
WHERE ${sql}`,
    params,
  };
}

/** A row of {@link tracesStatement}. */
export interface TracesRow {
  readonly slow: number;
  readonly rest: number;
}

/** How many traces of each group are in the sample. */
export function tracesStatement(comparison: Comparison, cut: SampleCut): ExplainStatement {
  const { sql, params } = sampled(comparison, cut);
  return {
    name: 'explain_traces',
    sql: `SELECT countIf(is_slow) AS slow, countIf(NOT is_slow) AS rest FROM ${sql}`,
    params,
  };
}

/** One row for each attribute of each chosen span: where it is, its key and its value. */
const ATTRIBUTES = `arrayJoin(arrayConcat(
  [('field', 'operation', span.1), ('field', 'kind', span.2), ('field', 'status', span.3)],
  arrayMap((k, v) -> ('span', toString(k), substringUTF8(v, 1, ${VALUE_CHARACTERS_MAX})), mapKeys(span.4), mapValues(span.4)),
  arrayMap((k, v) -> ('resource', toString(k), substringUTF8(v, 1, ${VALUE_CHARACTERS_MAX})), mapKeys(span.5), mapValues(span.5))
))`;

/** A row of {@link keysStatement}. */
export interface KeyRow {
  readonly source: string;
  readonly key: string;
  /** Different values: counted up to a few thousand, estimated beyond. */
  readonly different: number;
  /** Chosen spans that have it. */
  readonly traces: number;
}

/** The attributes that there are, those of most spans first: what can be compared is chosen from them. */
export function keysStatement(
  comparison: Comparison,
  cut: SampleCut,
  keys_max: number,
): ExplainStatement {
  const { sql, params } = sampled(comparison, cut);
  return {
    name: 'explain_keys',
    sql: `SELECT attribute.1 AS source, attribute.2 AS key, uniqCombined(attribute.3) AS different, count() AS traces
FROM (SELECT ${ATTRIBUTES} AS attribute FROM ${sql})
GROUP BY source, key
ORDER BY count() DESC, source, key
LIMIT {keys_max:UInt32}`,
    params: { ...params, keys_max },
  };
}

/** A row of {@link valuesStatement}. */
export interface ValueRow {
  readonly source: string;
  readonly key: string;
  readonly value: string;
  readonly slow: number;
  readonly rest: number;
}

/** In how many traces of each group the chosen span has each value of these attributes; values of a share below `share_min` in both are left out. */
export function valuesStatement(
  comparison: Comparison,
  cut: SampleCut,
  keys: readonly { readonly source: string; readonly key: string }[],
  options: { readonly sizes: TracesRow; readonly share_min: number; readonly rows_max: number },
): ExplainStatement {
  const { sql, params } = sampled(comparison, cut);
  const { sizes, share_min, rows_max } = options;
  return {
    name: 'explain_values',
    sql: `SELECT attribute.1 AS source, attribute.2 AS key, attribute.3 AS value,
  countIf(is_slow) AS slow, countIf(NOT is_slow) AS rest
FROM (SELECT is_slow, ${ATTRIBUTES} AS attribute FROM ${sql})
WHERE concat(source, ' ', key) IN {keys:Array(String)}
GROUP BY source, key, value
HAVING slow >= {slow_min:Float64} OR rest >= {rest_min:Float64}
ORDER BY slow + rest DESC, source, key, value
LIMIT {rows_max:UInt32}`,
    params: {
      ...params,
      keys: keys.map(({ source, key }) => `${source} ${key}`),
      slow_min: sizes.slow * share_min,
      rest_min: sizes.rest * share_min,
      rows_max,
    },
  };
}

/** A row of {@link topsStatement}: one span of a trace. */
export interface TopRow {
  readonly trace: string;
  readonly span: string;
  readonly kind: string;
  readonly is_slow: number;
  /** ns since 1970, as text. */
  readonly start: string;
  readonly end: string;
}

/** Some traces of each group, chosen by the hash of their ids, and of each one span. */
export function topsStatement(comparison: Comparison, traces_max: number): ExplainStatement {
  const { sql, params } = conditions(comparison);
  return {
    name: 'explain_tops',
    sql: `SELECT TraceId AS trace, ${SLOW} AS is_slow,
  argMin(SpanId, ${SPAN_HASH}) AS span,
  argMin(toString(SpanKind), ${SPAN_HASH}) AS kind,
  toString(min(toUnixTimestamp64Nano(Timestamp))) AS start,
  toString(max(toUnixTimestamp64Nano(Timestamp) + Duration)) AS end
FROM otel_traces
WHERE ${sql}
GROUP BY trace, is_slow
ORDER BY is_slow, cityHash64(trace), trace
LIMIT {traces_max:UInt32} BY is_slow`,
    params: { ...params, traces_max },
  };
}

/** A row of {@link spansStatement}. */
export interface SpanRow {
  readonly trace: string;
  readonly span: string;
  readonly parent: string;
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly status: string;
  readonly start: string;
  readonly duration: string;
  readonly instance: string;
}

/** The spans of these traces that begin in a range, each once. */
export function spansStatement(
  traces: readonly string[],
  range: { readonly fromNano: bigint; readonly toNano: bigint },
  spans_max: number,
): ExplainStatement {
  return {
    name: 'explain_spans',
    sql: `SELECT TraceId AS trace, SpanId AS span, ParentSpanId AS parent, ServiceName AS service, SpanName AS operation,
  SpanKind AS kind, StatusCode AS status, toString(toUnixTimestamp64Nano(Timestamp)) AS start, toString(Duration) AS duration,
  arrayFirst(name -> name != '', [ResourceAttributes['k8s.pod.name'], ResourceAttributes['service.instance.id'], ResourceAttributes['host.name']]) AS instance
FROM otel_traces
WHERE TraceId IN {traces:Array(String)}
  AND Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp <= fromUnixTimestamp64Nano({to:Int64})
ORDER BY trace, start, span, kind
LIMIT 1 BY trace, span, kind
LIMIT {spans_max:UInt32}`,
    params: { traces, from: String(range.fromNano), to: String(range.toNano), spans_max },
  };
}
