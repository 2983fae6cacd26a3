import {
  type Attributes,
  SPAN_KIND_NAMES,
  type Span,
  type SpanKind,
  STATUS_CODE_NAMES,
  type StatusCode,
} from '@spanloom/model';

/**
 * The select list that {@link spanOfRow} reads, over `otel_traces`. Times are text: a number holds no
 * nanoseconds of our century.
 */
export const STORED_SPAN_COLUMNS = [
  'TraceId',
  'SpanId',
  'ParentSpanId',
  'TraceState',
  'SpanName',
  'SpanKind',
  'ServiceName',
  'ResourceAttributes',
  'ScopeName',
  'ScopeVersion',
  'SpanAttributes',
  'toString(toUnixTimestamp64Nano(Timestamp)) AS StartUnixNano',
  'toString(Duration) AS DurationNano',
  'StatusCode',
  'StatusMessage',
  'arrayMap(t -> toString(toUnixTimestamp64Nano(t)), Events.Timestamp) AS EventUnixNano',
  'Events.Name AS EventName',
  'Events.Attributes AS EventAttributes',
  'Links.TraceId AS LinkTraceId',
  'Links.SpanId AS LinkSpanId',
  'Links.TraceState AS LinkTraceState',
  'Links.Attributes AS LinkAttributes',
  'Flags',
].join(', ');

/** A row of {@link STORED_SPAN_COLUMNS} as JSONEachRow gives it. */
export interface StoredSpanRow {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly TraceState: string;
  readonly SpanName: string;
  readonly SpanKind: string;
  readonly ServiceName: string;
  readonly ResourceAttributes: Attributes;
  readonly ScopeName: string;
  readonly ScopeVersion: string;
  readonly SpanAttributes: Attributes;
  readonly StartUnixNano: string;
  readonly DurationNano: string;
  readonly StatusCode: string;
  readonly StatusMessage: string;
  readonly EventUnixNano: readonly string[];
  readonly EventName: readonly string[];
  readonly EventAttributes: readonly Attributes[];
  readonly LinkTraceId: readonly string[];
  readonly LinkSpanId: readonly string[];
  readonly LinkTraceState: readonly string[];
  readonly LinkAttributes: readonly Attributes[];
  readonly Flags: number;
}

/** The span that a row holds. A kind or status that is not one of ours counts as unspecified, unset. */
export function spanOfRow(row: StoredSpanRow): Span {
  const kind = SPAN_KIND_NAMES.indexOf(row.SpanKind as (typeof SPAN_KIND_NAMES)[number]);
  const status = STATUS_CODE_NAMES.indexOf(row.StatusCode as (typeof STATUS_CODE_NAMES)[number]);
  return {
    traceId: row.TraceId,
    spanId: row.SpanId,
    parentSpanId: row.ParentSpanId,
    startUnixNano: BigInt(row.StartUnixNano),
    durationNano: BigInt(row.DurationNano),
    kind: Math.max(0, kind) as SpanKind,
    statusCode: Math.max(0, status) as StatusCode,
    service: row.ServiceName,
    name: row.SpanName,
    traceState: row.TraceState,
    flags: row.Flags,
    statusMessage: row.StatusMessage,
    scopeName: row.ScopeName,
    scopeVersion: row.ScopeVersion,
    resourceAttributes: row.ResourceAttributes,
    attributes: row.SpanAttributes,
    events: row.EventName.map((name, i) => ({
      timeUnixNano: BigInt(row.EventUnixNano[i] as string),
      name,
      attributes: row.EventAttributes[i] as Attributes,
    })),
    links: row.LinkTraceId.map((traceId, i) => ({
      traceId,
      spanId: row.LinkSpanId[i] as string,
      traceState: row.LinkTraceState[i] as string,
      attributes: row.LinkAttributes[i] as Attributes,
    })),
  };
}
