import { bucketIndex, SUMMARY_QUANTILES } from '@spanloom/sketch';
import { UNPAIRED } from '@spanloom/trace';
import type { LatencyRow } from '../sql/latency';
import type { EdgeTotalRow, SeriesTotalRow } from '../sql/totals';
import { BOUNDS_MICROS, boundOf, cumulativeCounts } from './bounds';
import type { Exemplar, Family, LabelPairs, Sample } from './exposition';

/** Unit of a histogram. */
type Unit = 'seconds' | 'milliseconds';
const PER_NANO: Readonly<Record<Unit, number>> = { seconds: 1e9, milliseconds: 1e6 };
const PER_MICRO: Readonly<Record<Unit, number>> = { seconds: 1e6, milliseconds: 1e3 };

/** `Server` as OTLP's enum writes it: `SPAN_KIND_SERVER`. */
const kindLabel = (stored: string): string => `SPAN_KIND_${stored.toUpperCase()}`;
/** `Error` as OTLP's enum writes it: `STATUS_CODE_ERROR`. */
const statusLabel = (stored: string): string => `STATUS_CODE_${stored.toUpperCase()}`;

interface Histogram {
  readonly labels: LabelPairs;
  readonly indices: readonly number[];
  readonly counts: readonly number[];
  readonly sum_nano: number;
  readonly exemplar?: { readonly bound: number; readonly of: Exemplar } | undefined;
}

function* histogramSamples(histogram: Histogram, unit: Unit): Iterable<Sample> {
  const { labels, indices, counts, sum_nano, exemplar } = histogram;
  const cumulative = cumulativeCounts(indices, counts);
  for (const [i, value] of cumulative.entries()) {
    const micros = BOUNDS_MICROS[i];
    const le = micros === undefined ? Number.POSITIVE_INFINITY : micros / PER_MICRO[unit];
    const of = exemplar?.bound === i ? exemplar.of : undefined;
    yield { suffix: '_bucket', labels, le, value, exemplar: of };
  }
  yield { suffix: '_sum', labels, value: sum_nano / PER_NANO[unit] };
  yield { suffix: '_count', labels, value: cumulative.at(-1) as number };
}

/** Names of the labels in the two families of span metrics. */
type LabelNames = readonly [service: string, operation: string, kind: string, status: string];
const TEMPO_LABELS: LabelNames = ['service', 'span_name', 'span_kind', 'status_code'];
const CONNECTOR_LABELS: LabelNames = ['service_name', 'span_name', 'span_kind', 'status_code'];

function seriesLabels(row: SeriesTotalRow, names: LabelNames): LabelPairs {
  const values = [row.service, row.operation, kindLabel(row.kind), statusLabel(row.status)];
  return names.map((name, i) => [name, values[i] as string]);
}

function exemplarOf(row: SeriesTotalRow, unit: Unit): Exemplar | undefined {
  if (row.exemplar_trace_id === '') return undefined;
  return {
    traceId: row.exemplar_trace_id,
    spanId: row.exemplar_span_id,
    value: row.exemplar_nano / PER_NANO[unit],
    at_s: row.exemplar_s,
  };
}

function* callSamples(
  rows: readonly SeriesTotalRow[],
  names: LabelNames,
  unit: Unit,
): Iterable<Sample> {
  for (const row of rows) {
    const labels = seriesLabels(row, names);
    yield { suffix: '_total', labels, value: row.spans, exemplar: exemplarOf(row, unit) };
  }
}

function* durationSamples(
  rows: readonly SeriesTotalRow[],
  names: LabelNames,
  unit: Unit,
): Iterable<Sample> {
  for (const row of rows) {
    const of = exemplarOf(row, unit);
    const exemplar = of && { bound: boundOfNano(row.exemplar_nano), of };
    yield* histogramSamples({ ...row, labels: seriesLabels(row, names), exemplar }, unit);
  }
}

/** The bucket that the exemplar is in, by its sketch bucket as everything else. */
function boundOfNano(nano: number): number {
  return boundOf(bucketIndex(nano));
}

/**
 * Span metrics under the names of Tempo's metrics generator (Grafana's Tempo data source and its service graph)
 * and of the OpenTelemetry Collector's span metrics connector (Jaeger's dashboards).
 */
export function spanFamilies(rows: readonly SeriesTotalRow[]): readonly Family[] {
  const calls = { type: 'counter', help: 'Spans, by adjusted counts.' } as const;
  const durations = { type: 'histogram', help: 'Durations of spans, by adjusted counts.' } as const;
  const t = [TEMPO_LABELS, 'seconds'] as const;
  const c = [CONNECTOR_LABELS, 'milliseconds'] as const;
  return [
    { ...calls, name: 'traces_spanmetrics_calls', samples: () => callSamples(rows, ...t) },
    {
      ...durations,
      name: 'traces_spanmetrics_latency',
      samples: () => durationSamples(rows, ...t),
    },
    { ...calls, name: 'traces_span_metrics_calls', samples: () => callSamples(rows, ...c) },
    {
      ...durations,
      name: 'traces_span_metrics_duration_milliseconds',
      samples: () => durationSamples(rows, ...c),
    },
  ];
}

const edgeLabels = ({ client, server, type }: EdgeTotalRow): LabelPairs => [
  ['client', client],
  ['server', server],
  ['connection_type', type],
];

function* edgeCounts(rows: readonly EdgeTotalRow[], of: 'calls' | 'failed'): Iterable<Sample> {
  for (const row of rows) yield { suffix: '_total', labels: edgeLabels(row), value: row[of] };
}

const BOTH_SIDES = ['client', 'server'] as const;
/** Types of edges of which one side never sends spans. */
const ONE_SIDED: ReadonlySet<string> = new Set(['database', 'virtual_node']);

/**
 * Durations as one side saw them. A database sends no spans: its durations as callee are those that its callers
 * saw, as in Tempo, so that Grafana has something to show at its node.
 */
function* edgeDurations(
  rows: readonly EdgeTotalRow[],
  side: 'client' | 'server',
): Iterable<Sample> {
  for (const row of rows) {
    const sides = side === 'server' && ONE_SIDED.has(row.type) ? BOTH_SIDES : ([side] as const);
    const indices = sides.flatMap((one) => row[`${one}_indices`]);
    if (indices.length === 0) continue; // That side sends no spans.
    const counts = sides.flatMap((one) => row[`${one}_counts`]);
    const sum_nano = sides.reduce((sum, one) => sum + row[`${one}_nano`], 0);
    yield* histogramSamples({ labels: edgeLabels(row), indices, counts, sum_nano }, 'seconds');
  }
}

/** The service graph under the names that Grafana's service graph asks for, which are Tempo's. */
export function edgeFamilies(rows: readonly EdgeTotalRow[]): readonly Family[] {
  const paired = rows.filter(({ type }) => type !== UNPAIRED);
  const unpaired = rows.filter(({ type }) => type === UNPAIRED);
  const name = 'traces_service_graph';
  const durations = (side: 'client' | 'server', who: string): Family => ({
    name: `${name}_request_${side}_seconds`,
    type: 'histogram',
    help: `Durations of calls as the ${who} saw them.`,
    samples: () => edgeDurations(paired, side),
  });
  return [
    {
      name: `${name}_request`,
      type: 'counter',
      help: 'Calls between two nodes.',
      samples: () => edgeCounts(paired, 'calls'),
    },
    {
      name: `${name}_request_failed`,
      type: 'counter',
      help: 'Calls of which a side has status Error.',
      samples: () => edgeCounts(paired, 'failed'),
    },
    durations('server', 'callee'),
    durations('client', 'caller'),
    {
      name: `${name}_unpaired_spans`,
      type: 'counter',
      help: 'Calls of which one side is not known.',
      samples: () => edgeCounts(unpaired, 'calls'),
    },
  ];
}

function* percentileSamples(rows: readonly LatencyRow[], window: string): Iterable<Sample> {
  for (const { service = '', operation = '', kind = '', quantiles_nano } of rows) {
    for (const [i, quantile] of SUMMARY_QUANTILES.entries()) {
      const labels: LabelPairs = [
        ['service', service],
        ['span_name', operation],
        ['span_kind', kindLabel(kind)],
        ['window', window],
        ['quantile', String(quantile)],
      ];
      yield { suffix: '', labels, value: (quantiles_nano[i] as number) / PER_NANO.seconds };
    }
  }
}

/**
 * Percentiles of the rolling window, within 1 % of the exact ones, which no histogram with so few bounds can give.
 * @param window its name, such as 5m
 */
export function percentileFamily(rows: readonly LatencyRow[], window: string): Family {
  return {
    name: 'spanloom_latency_seconds',
    type: 'gauge',
    help: 'Percentiles of the durations of spans over a rolling window, within 1 % of the exact ones.',
    samples: () => percentileSamples(rows, window),
  };
}
