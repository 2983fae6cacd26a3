import type { Statement } from './database';

/** What is asked for: whole minutes, and how many services are told apart. */
export interface PipelineRange {
  readonly start_s: number;
  readonly end_s: number;
  readonly services_max: number;
}

/** A row of `pipeline_capture`. */
export interface CaptureRow {
  /** 1: all services together. */
  readonly overall: 0 | 1;
  readonly service: string;
  readonly processes: number;
  readonly total: number;
  readonly dropped: number;
  readonly captured: number;
  readonly unreported: number;
  readonly missing: number;
  readonly rate_percent: number | null;
}

/** A row of `pipeline_delay`; durations in ms. */
export interface DelayRow {
  readonly figure: 'transfer' | 'storage' | 'analysis';
  readonly leg: string;
  /** 1: all services together. */
  readonly overall: 0 | 1;
  readonly service: string;
  readonly count: number;
  readonly clamped: number;
  readonly mean_ms: number;
  readonly min_ms: number;
  readonly max_ms: number;
  readonly p50_ms: number;
  readonly p75_ms: number;
  readonly p90_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
}

/** The row of `pipeline_ledger`. */
export interface LedgerRow {
  readonly carried_in: number;
  readonly received: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly dead_lettered: number;
  readonly sampled_out: number;
  readonly open: number;
  readonly missing: number;
  readonly total: number;
  readonly rate_percent: number | null;
}

const RANGE = 'start_at = {start_s:UInt32}, end_at = {end_s:UInt32}';
const SERVICES = `${RANGE}, services_max = {services_max:UInt32}`;

/** Data capture rate by service; the largest first, all together last. */
export function captureStatement(range: PipelineRange): Statement {
  return {
    name: 'pipeline-capture',
    sql: `SELECT Overall AS overall, ServiceName AS service, Processes AS processes, Total AS total, Dropped AS dropped,
  Captured AS captured, Unreported AS unreported, Missing AS missing, RatePercent AS rate_percent
FROM pipeline_capture(${SERVICES})
ORDER BY overall, greatest(total, captured) DESC, service`,
    params: { ...range },
  };
}

/** Delays by figure, leg and service; the largest services first. */
export function delayStatement(range: PipelineRange): Statement {
  return {
    name: 'pipeline-delay',
    sql: `SELECT Figure AS figure, Leg AS leg, Overall AS overall, ServiceName AS service, Count AS count,
  Clamped AS clamped, MeanMs AS mean_ms, MinMs AS min_ms, MaxMs AS max_ms, P50Ms AS p50_ms, P75Ms AS p75_ms,
  P90Ms AS p90_ms, P95Ms AS p95_ms, P99Ms AS p99_ms, P999Ms AS p999_ms
FROM pipeline_delay(${SERVICES})
ORDER BY figure, leg, overall, count DESC, service`,
    params: { ...range },
  };
}

/** What became of what was received; one row. */
export function pipelineLedgerStatement({ start_s, end_s }: PipelineRange): Statement {
  return {
    name: 'pipeline-ledger',
    sql: `SELECT CarriedIn AS carried_in, Received AS received, Stored AS stored, Duplicates AS duplicates,
  DeadLettered AS dead_lettered, SampledOut AS sampled_out, OpenSpans AS open, Missing AS missing, Total AS total,
  RatePercent AS rate_percent
FROM pipeline_ledger(${RANGE})`,
    params: { start_s, end_s },
  };
}
