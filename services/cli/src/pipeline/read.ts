import type { ClickHouse } from '@spanloom/clickhouse';

/** What is asked for: whole minutes, and how many services are told apart. */
export interface PipelineQuestion {
  readonly start_s: number;
  readonly end_s: number;
  readonly services_max: number;
}

/** A row of the view `pipeline_capture`. */
export interface CaptureRow {
  readonly Overall: 0 | 1;
  readonly ServiceName: string;
  readonly Processes: number;
  readonly Total: number;
  readonly Dropped: number;
  readonly Captured: number;
  readonly Unreported: number;
  readonly Missing: number;
  readonly RatePercent: number | null;
}

/** A row of the view `pipeline_delay`, as far as it is shown. */
export interface DelayRow {
  readonly Figure: string;
  readonly Leg: string;
  readonly Overall: 0 | 1;
  readonly ServiceName: string;
  readonly Count: number;
  readonly Clamped: number;
  readonly MeanMs: number;
  readonly P50Ms: number;
  readonly P90Ms: number;
  readonly P99Ms: number;
  readonly MaxMs: number;
}

/** The row of the view `pipeline_ledger`. */
export interface LedgerRow {
  readonly CarriedIn: number;
  readonly Received: number;
  readonly Stored: number;
  readonly Duplicates: number;
  readonly DeadLettered: number;
  readonly SampledOut: number;
  readonly OpenSpans: number;
  readonly Missing: number;
  readonly Total: number;
  readonly RatePercent: number | null;
}

/** The four figures of a range. */
export interface Pipeline {
  readonly question: PipelineQuestion;
  readonly capture: readonly CaptureRow[];
  readonly delays: readonly DelayRow[];
  readonly ledger: LedgerRow;
}

const RANGE = 'start_at = {start_s:UInt32}, end_at = {end_s:UInt32}';
const SERVICES = `${RANGE}, services_max = {services_max:UInt32}`;

/** Reads the figures from their views: what holds over all services comes last. */
export async function readPipeline(
  question: PipelineQuestion,
  clickhouse: Pick<ClickHouse, 'query'>,
): Promise<Pipeline> {
  const params = { ...question };
  const [capture, delays, [ledger]] = await Promise.all([
    clickhouse.query<CaptureRow>(
      `SELECT * FROM pipeline_capture(${SERVICES}) ORDER BY Overall, greatest(Total, Captured) DESC, ServiceName`,
      params,
    ),
    clickhouse.query<DelayRow>(
      `SELECT * FROM pipeline_delay(${SERVICES}) ORDER BY Figure DESC, Leg DESC, Overall, Count DESC, ServiceName`,
      params,
    ),
    clickhouse.query<LedgerRow>(`SELECT * FROM pipeline_ledger(${RANGE})`, params),
  ]);
  return { question, capture, delays, ledger: ledger as LedgerRow };
}
