import type { Statement } from './database';

/** Which events; times in s since 1970, the end not included. */
export interface AnomalyFilter {
  readonly service?: string | undefined;
  readonly start_s: number;
  readonly end_s: number;
}

/** A row of {@link anomaliesStatement}: an event, and what made it as columns of equal length. */
export interface AnomalyRow {
  readonly id: string;
  readonly incident: string;
  /** s since 1970. */
  readonly at_s: number;
  readonly services: readonly string[];
  readonly what: readonly string[];
  readonly service: readonly string[];
  readonly operation: readonly string[];
  readonly kind: readonly string[];
  readonly peer: readonly string[];
  readonly missing: readonly string[];
  readonly traces: readonly number[];
  readonly observed: readonly number[];
  readonly expected: readonly number[];
  readonly excess_nano: readonly number[];
  readonly effect: readonly number[];
  readonly evidence: readonly number[];
  readonly trace_ids: readonly (readonly string[])[];
}

/** Events of which span time is in [start_s, end_s), the newest first; those that name a service where one is given. */
export function anomaliesStatement(filter: AnomalyFilter, events_max: number): Statement {
  const { service, ...range } = filter;
  const named = service === undefined ? '' : '\n  AND has(event.Services, {service:String})';
  return {
    name: 'anomalies',
    sql: `SELECT
  event.Id AS id,
  event.Incident AS incident,
  toUnixTimestamp(event.At) AS at_s,
  event.Services AS services,
  event.Findings.What AS what,
  event.Findings.ServiceName AS service,
  event.Findings.SpanName AS operation,
  event.Findings.SpanKind AS kind,
  event.Findings.Peer AS peer,
  event.Findings.Missing AS missing,
  event.Findings.Traces AS traces,
  event.Findings.Observed AS observed,
  event.Findings.Expected AS expected,
  event.Findings.ExcessNano AS excess_nano,
  event.Findings.Effect AS effect,
  event.Findings.Evidence AS evidence,
  event.Findings.TraceIds AS trace_ids
FROM anomalies AS event FINAL
WHERE event.At >= toDateTime({start_s:UInt32})
  AND event.At < toDateTime({end_s:UInt32})${named}
ORDER BY event.At DESC, event.Id
LIMIT {events_max:UInt32}`,
    params: { ...range, events_max, ...(service === undefined ? {} : { service }) },
  };
}
