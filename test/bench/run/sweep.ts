import type { TestEngines } from '@spanloom/infra';
import type { BenchOptions } from '../options';
import { cpuPerSpan, hundredths } from '../report/figures';
import type { SpanShape } from '../spans/shape';
import { type DrainResult, drain } from './drain';
import { openLine } from './line';

/** What `--sweep` can vary. */
export const SWEEPS = ['trace-size', 'span-size', 'open-windows', 'partitions', 'copies'] as const;
export type SweepName = (typeof SWEEPS)[number];

/** One drain of a sweep. */
interface Point {
  /** Of what is varied. */
  readonly value: number;
  readonly shape: SpanShape;
  readonly partitions: number;
  readonly copies: number;
  /** Settings of the services, by their environment names. */
  readonly more?: Readonly<Record<string, string>>;
}

/** A window that holds only part of its trace; bounded by what a run of a million of them can fill. */
const OPEN_WINDOW_SPANS = 2;
const OPEN_WINDOW_SPAN_BYTES = 300;

/**
 * Two spans for each window and no roots: the first of nearly all traces come before the second of most, and every
 * window stays open for the gap. The bound on a partition's windows is raised, so that none is evicted.
 */
function openWindows(value: number, options: BenchOptions): Point {
  const shape = {
    ...options.shape,
    spans: value * OPEN_WINDOW_SPANS,
    trace_spans: OPEN_WINDOW_SPANS,
    open_traces: value,
    span_bytes: OPEN_WINDOW_SPAN_BYTES,
    rooted: false,
  };
  // The gap must outlast the filling of the log, which is its time.
  const gap_s = Math.max(10, Math.ceil(value / 25_000));
  const more = {
    SPANLOOM_GAP_S: String(gap_s),
    SPANLOOM_CUT_S: String(gap_s * 4),
    SPANLOOM_WINDOW_BYTES_MAX: String(512 * 1024 * 1024),
  };
  return { ...options, value, shape, more };
}

function pointsOf(name: SweepName, options: BenchOptions): readonly Point[] {
  const { shape } = options;
  switch (name) {
    case 'trace-size':
      return [1, 10, 100, 1_000].map((value) => {
        // As many spans wait for the rest of their traces at each size.
        const open_traces = Math.max(
          1,
          Math.round((shape.open_traces * shape.trace_spans) / value),
        );
        return { ...options, value, shape: { ...shape, trace_spans: value, open_traces } };
      });
    case 'span-size':
      return [300, 470, 1_000, 4_000].map((value) => ({
        ...options,
        value,
        shape: { ...shape, span_bytes: value },
      }));
    case 'open-windows':
      return [10_000, 100_000, 1_000_000].map((value) => openWindows(value, options));
    case 'partitions':
      return [4, 16, 64].map((value) => ({ ...options, value, partitions: value }));
    case 'copies':
      return [1, 2, 4].map((value) => ({ ...options, value, copies: value }));
  }
}

/** What a sweep found at one value. */
export interface SweepPoint {
  readonly value: number;
  readonly spans: number;
  readonly drain: DrainResult;
}

/** Spans of a drain before the first that counts: the engines' compilers and caches settle. */
const WARM_UP_SPANS = 20_000;

/** Drains once for each value, each on topics and a database of its own. */
export async function sweep(
  engines: TestEngines,
  name: SweepName,
  options: BenchOptions,
  say: (text: string) => void,
): Promise<readonly SweepPoint[]> {
  const found: SweepPoint[] = [];
  const warm = await openLine(engines, { partitions: options.partitions });
  const few = { ...options.shape, spans: Math.min(WARM_UP_SPANS, options.shape.spans) };
  const sayWarm = (text: string): void => say(`warming up: ${text}`);
  await drain(engines, warm, { shape: few, copies: 1, say: sayWarm });
  await warm.close();
  for (const { value, shape, partitions, copies, more = {} } of pointsOf(name, options)) {
    const line = await openLine(engines, { partitions, more });
    const sayWhich = (text: string): void => say(`${name} ${value}: ${text}`);
    try {
      const drained = await drain(engines, line, { shape, copies, say: sayWhich });
      found.push({ value, spans: shape.spans, drain: drained });
    } finally {
      await line.close();
    }
  }
  return found;
}

/** A sweep's point as flat JSON. */
export function sweepFigures({ value, spans, drain: drained }: SweepPoint) {
  const cpu = Object.entries(cpuPerSpan(drained, spans)).map(([n, us]) => [n, hundredths(us)]);
  const { assembler, latency, sink } = drained.workers;
  return {
    value,
    spans,
    ...(Object.fromEntries(cpu) as ReturnType<typeof cpuPerSpan>),
    rss_mb: {
      assembler: Math.round(assembler.marginal.rss_peak_mb),
      latency: Math.round(latency.marginal.rss_peak_mb),
      sink: Math.round(sink.marginal.rss_peak_mb),
      redis: Math.round(drained.engines.redis.rss_peak_mb),
    },
    open_windows: drained.open_windows_max,
    bytes_per_span_disk: hundredths((drained.disk.otel_traces ?? 0) / spans),
    drain_s: hundredths(drained.elapsed_ms / 1000),
    lost: drained.exact.lost,
    doubled: drained.exact.doubled,
    panes_off: drained.exact.panes_off,
  };
}
