import { formatTable } from '../sql/table';
import type { Pipeline } from './read';

const NUMBER = 'Float64';
const TEXT = 'String';

/** The figures as tables: capture rate, what the ledger says, and delays in ms. */
export function pipelineText({ question, capture, delays, ledger }: Pipeline): string {
  const from = minute(question.start_s);
  const to = minute(question.end_s);
  const parts = [
    `Data capture rate, ${from} to ${to}`,
    table(
      ['service', 'processes', 'total', 'dropped', 'captured', 'unreported', 'missing', 'rate'],
      1,
      capture.map((row) => [
        row.Overall === 1 ? 'all' : row.ServiceName,
        ...[row.Processes, row.Total, row.Dropped, row.Captured, row.Unreported, row.Missing].map(
          String,
        ),
        percent(row.RatePercent),
      ]),
    ),
    `Inside the pipeline: ${ledger.Stored} of ${ledger.Total} distinct spans received are stored (${percent(ledger.RatePercent)}); ` +
      `${ledger.OpenSpans} are open, ${ledger.DeadLettered} dead-lettered, ${ledger.Missing} missing`,
    `Delays, ms, ${from} to ${to}`,
    table(
      ['delay', 'leg', 'service', 'count', 'mean', 'p50', 'p90', 'p99', 'max', 'clamped'],
      3,
      delays.map((row) => [
        row.Figure,
        row.Leg,
        row.Overall === 1 ? 'all' : row.ServiceName,
        String(row.Count),
        ...[row.MeanMs, row.P50Ms, row.P90Ms, row.P99Ms, row.MaxMs].map(ms),
        String(row.Clamped),
      ]),
    ),
  ];
  return parts.join('\n\n');
}

/** A table whose first `texts` columns are words and the others numbers; without rows it says so. */
function table(
  names: readonly string[],
  texts: number,
  cells: readonly (readonly string[])[],
): string {
  if (cells.length === 0) return '(nothing yet)';
  const types = names.map((_name, column) => (column < texts ? TEXT : NUMBER));
  const lines = formatTable({ names, types, cells }).split('\n');
  return lines.slice(0, -1).join('\n');
}

function percent(value: number | null): string {
  return value === null ? 'unknown' : `${value.toFixed(2)} %`;
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(value < 1000 ? 1 : 0);
}

function minute(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;
}
