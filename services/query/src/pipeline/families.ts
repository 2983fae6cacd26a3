import type { Family, LabelPairs, Sample } from '../prometheus/exposition';
import type { PipelineFigures } from './figures';

type CaptureRow = PipelineFigures['capture'][number];
type DelayRow = PipelineFigures['delays'][number];

/** The figures as Prometheus has them: gauges of the range. What holds over all services has an empty `service`. */
export function pipelineFamilies(figures: PipelineFigures): readonly Family[] {
  const { capture, delays, ledger, range } = figures;
  const captured = (of: (row: CaptureRow) => number | null): readonly Sample[] =>
    capture.flatMap((row) => sample([['service', serviceOf(row)]], of(row)));
  const delayed = (of: (row: DelayRow) => number): readonly Sample[] =>
    delays.flatMap((row) => sample(labelsOf(row), of(row)));
  const quantiles = delays.flatMap((row) =>
    QUANTILES.flatMap(([quantile, column]) =>
      sample([...labelsOf(row), ['quantile', quantile]], row[column] / MS_PER_S),
    ),
  );
  return [
    gauge(
      'capture_ratio',
      'Spans stored, of those that reporting producers ended.',
      captured((row) => ratio(row.rate_percent)),
    ),
    gauge(
      'spans_ended',
      'Spans that producers say they ended.',
      captured((row) => row.total),
    ),
    gauge(
      'spans_dropped',
      'Spans that producers say they gave up.',
      captured((row) => row.dropped),
    ),
    gauge(
      'spans_captured',
      'Distinct spans stored.',
      captured((row) => row.captured),
    ),
    gauge(
      'spans_missing',
      'Spans ended, and neither dropped nor stored: on their way, or lost.',
      captured((row) => row.missing),
    ),
    gauge(
      'ledger_ratio',
      'Spans stored, of the distinct ones received whose windows have closed.',
      sample([], ratio(ledger.rate_percent)),
    ),
    gauge('delay_seconds', 'Delays by figure, leg and service.', quantiles),
    gauge(
      'delay_mean_seconds',
      'Mean delay.',
      delayed((row) => row.mean_ms / MS_PER_S),
    ),
    gauge(
      'delay_max_seconds',
      'Longest delay.',
      delayed((row) => row.max_ms / MS_PER_S),
    ),
    gauge(
      'delay_count',
      'Spans (of analysis: queries) that the delays are of.',
      delayed((row) => row.count),
    ),
    gauge(
      'delay_clamped',
      'Those whose delay made no sense.',
      delayed((row) => row.clamped),
    ),
    gauge('range_start_timestamp_seconds', 'Start of the range.', sample([], range.start_s)),
    gauge('range_end_timestamp_seconds', 'End of the range.', sample([], range.end_s)),
  ];
}

const MS_PER_S = 1000;

const QUANTILES = [
  ['0.5', 'p50_ms'],
  ['0.75', 'p75_ms'],
  ['0.9', 'p90_ms'],
  ['0.95', 'p95_ms'],
  ['0.99', 'p99_ms'],
  ['0.999', 'p999_ms'],
] as const;

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `spanloom_pipeline_${name}`, type: 'gauge', help, samples: () => samples };
}

/** No sample of what is not known. */
function sample(labels: LabelPairs, value: number | null): readonly Sample[] {
  return value === null ? [] : [{ suffix: '', labels, value }];
}

function ratio(percent: number | null): number | null {
  return percent === null ? null : percent / 100;
}

function serviceOf({ overall, service }: Pick<CaptureRow, 'overall' | 'service'>): string {
  return overall === 1 ? '' : service;
}

function labelsOf(row: DelayRow): LabelPairs {
  return [
    ['figure', row.figure],
    ['leg', row.leg],
    ['service', serviceOf(row)],
  ];
}
