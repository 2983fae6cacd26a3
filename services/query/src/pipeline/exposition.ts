import type { PipelineFigures } from './figures';

/** Content type of the Prometheus text format. */
export const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

/** Prometheus' text exposition of the figures. What holds over all services has an empty `service`. */
export function pipelineExposition({ capture, delays, ledger, range }: PipelineFigures): string {
  const captured = (of: (row: PipelineFigures['capture'][number]) => number | null) =>
    capture.flatMap((row): Sample[] => {
      const value = of(row);
      return value === null ? [] : [[{ service: row.overall === 1 ? '' : row.service }, value]];
    });
  const delayed = (of: (row: PipelineFigures['delays'][number]) => number) =>
    delays.map((row): Sample => [labelsOf(row), of(row)]);
  const quantiles = delays.flatMap((row): Sample[] =>
    QUANTILES.map(([quantile, column]) => [{ ...labelsOf(row), quantile }, row[column] / 1000]),
  );
  const families: readonly [string, string, readonly Sample[]][] = [
    [
      'capture_ratio',
      'Spans stored, of those that reporting producers ended.',
      captured((row) => (row.rate_percent === null ? null : row.rate_percent / 100)),
    ],
    ['spans_ended', 'Spans that producers say they ended.', captured((row) => row.total)],
    ['spans_dropped', 'Spans that producers say they gave up.', captured((row) => row.dropped)],
    ['spans_captured', 'Distinct spans stored.', captured((row) => row.captured)],
    [
      'spans_missing',
      'Spans ended, and neither dropped nor stored: on their way, or lost.',
      captured((row) => row.missing),
    ],
    [
      'ledger_ratio',
      'Spans stored, of the distinct ones received whose windows have closed.',
      ledger.rate_percent === null ? [] : [[{}, ledger.rate_percent / 100]],
    ],
    ['delay_seconds', 'Delays by figure, leg and service.', quantiles],
    ['delay_mean_seconds', 'Mean delay.', delayed((row) => row.mean_ms / 1000)],
    ['delay_max_seconds', 'Longest delay.', delayed((row) => row.max_ms / 1000)],
    [
      'delay_count',
      'Spans (of analysis: queries) that the delays are of.',
      delayed((row) => row.count),
    ],
    ['delay_clamped', 'Those whose delay made no sense.', delayed((row) => row.clamped)],
    [
      'range_start_timestamp_seconds',
      'Start of the range that all of this is of.',
      [[{}, range.start_s]],
    ],
    ['range_end_timestamp_seconds', 'Its end.', [[{}, range.end_s]]],
  ];
  return families
    .filter(([, , samples]) => samples.length > 0)
    .map(([name, help, samples]) => family(`spanloom_pipeline_${name}`, help, samples))
    .join('');
}

const QUANTILES = [
  ['0.5', 'p50_ms'],
  ['0.75', 'p75_ms'],
  ['0.9', 'p90_ms'],
  ['0.95', 'p95_ms'],
  ['0.99', 'p99_ms'],
  ['0.999', 'p999_ms'],
] as const;

function labelsOf(row: PipelineFigures['delays'][number]): Labels {
  const { figure, leg, overall, service } = row;
  return { figure, leg, service: overall === 1 ? '' : service };
}

function family(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
