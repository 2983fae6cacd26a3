import type { Statement } from './database';

/** Services or operations in one answer. */
const NAMES_MAX = 10_000;

/** A row of {@link servicesStatement}. */
export interface ServiceRow {
  readonly service: string;
}

/** A row of {@link operationsStatement}; `kind` as stored. */
export interface OperationRow {
  readonly name: string;
  readonly kind: string;
}

/** All services that have spans. The column leads the table's order, so this reads little. */
export function servicesStatement(): Statement {
  return {
    name: 'services',
    sql: `SELECT DISTINCT ServiceName AS service FROM otel_traces
ORDER BY service LIMIT {names_max:UInt32}`,
    params: { names_max: NAMES_MAX },
  };
}

/** Operations of a service with their kinds; of one kind (as stored) where that is given. */
export function operationsStatement(service: string, kind?: string): Statement {
  return {
    name: 'operations',
    sql: `SELECT DISTINCT SpanName AS name, SpanKind AS kind FROM otel_traces
WHERE ServiceName = {service:String}${kind === undefined ? '' : ' AND SpanKind = {kind:String}'}
ORDER BY name, kind LIMIT {names_max:UInt32}`,
    params: { service, names_max: NAMES_MAX, ...(kind === undefined ? {} : { kind }) },
  };
}
