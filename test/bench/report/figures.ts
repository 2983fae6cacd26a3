import type { PeerResult } from '../peer/measure-otelcol';
import type { DrainResult } from '../run/drain';
import type { GatewayResult } from '../run/gateway';
import type { SteadyResult } from '../run/steady';

/** Everything that a run measured. */
export interface RunResult {
  readonly spans: number;
  readonly drain: DrainResult;
  readonly gateway: GatewayResult | null;
  readonly steady: readonly SteadyResult[];
  readonly peer: PeerResult | null;
}

/** CPU per span of each part, µs: the workers' from ready to all stored, the engines' above idle. */
export interface CpuPerSpan {
  readonly assembler_us: number;
  readonly latency_us: number;
  readonly sink_us: number;
  readonly workers_us: number;
  readonly redis_us: number;
  readonly kafka_us: number;
  readonly clickhouse_us: number;
  /** Workers and engines. */
  readonly system_us: number;
}

/** Rounds to hundredths: the system counts time in steps of 10 ms. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** CPU per span of a drain. */
export function cpuPerSpan(drain: DrainResult, spans: number): CpuPerSpan {
  const { workers, engines } = drain;
  const of = (cpu_us: number): number => cpu_us / spans;
  const assembler_us = of(workers.assembler.marginal.cpu_us);
  const latency_us = of(workers.latency.marginal.cpu_us);
  const sink_us = of(workers.sink.marginal.cpu_us);
  const redis_us = of(engines.redis.cpu_us);
  const kafka_us = of(engines.kafka.cpu_us);
  const clickhouse_us = of(engines.clickhouse.cpu_us);
  const workers_us = assembler_us + latency_us + sink_us;
  return {
    assembler_us,
    latency_us,
    sink_us,
    workers_us,
    redis_us,
    kafka_us,
    clickhouse_us,
    system_us: workers_us + redis_us + kafka_us + clickhouse_us,
  };
}

function roundAll<T extends object>(figures: T): T {
  const entries = Object.entries(figures).map(([name, value]) => [name, hundredths(value)]);
  return Object.fromEntries(entries) as T;
}

/** A peer beside the three workers of the same run; ratios are its figure divided by theirs, start-up included in both. */
export function peerFigures({ spans, drain, peer }: RunResult) {
  if (peer === null) return null;
  const workers = [drain.workers.assembler, drain.workers.latency, drain.workers.sink];
  const ours_us = workers.reduce((n, w) => n + w.marginal.cpu_us + w.startUp.cpu_us, 0);
  const ours_mb = workers.reduce((n, w) => n + w.marginal.rss_peak_mb, 0);
  return roundAll({
    otelcol_us: peer.used.cpu_us / spans,
    otelcol_rss_mb: peer.used.rss_peak_mb,
    exported: peer.exported,
    elapsed_s: peer.elapsed_ms / 1000,
    workers_whole_us: ours_us / spans,
    cpu_ratio: peer.used.cpu_us / ours_us,
    rss_ratio: peer.used.rss_peak_mb / ours_mb,
  });
}

/** The run as one flat JSON object. `null` is what was left out. */
export function figuresOf(run: RunResult) {
  const { spans, drain, gateway, steady, peer } = run;
  const { workers, engines, exact, disk, fill } = drain;
  const started = [workers.assembler, workers.latency, workers.sink].map((w) => w.startUp.cpu_us);
  const [low, high] = steady;
  return {
    spans,
    ...roundAll(cpuPerSpan(drain, spans)),
    gateway_us: gateway === null ? null : hundredths(gateway.marginal.cpu_us / spans),
    start_up_ms: Math.round(started.reduce((sum, us) => sum + us, 0) / 1000),
    fill_us: hundredths(fill.cpu_us / spans),
    fill_kafka_us: hundredths(fill.kafka_us / spans),
    rss_mb: roundAll({
      assembler: workers.assembler.marginal.rss_peak_mb,
      latency: workers.latency.marginal.rss_peak_mb,
      sink: workers.sink.marginal.rss_peak_mb,
      ...(gateway === null ? {} : { gateway: gateway.marginal.rss_peak_mb }),
      redis: engines.redis.rss_peak_mb,
      kafka: engines.kafka.rss_peak_mb,
      clickhouse: engines.clickhouse.rss_peak_mb,
    }),
    bytes_per_span_disk: hundredths((disk.otel_traces ?? 0) / spans),
    bytes_per_span_disk_all: hundredths(Object.values(disk).reduce((a, b) => a + b, 0) / spans),
    open_windows_max: drain.open_windows_max,
    drain_s: hundredths(drain.elapsed_ms / 1000),
    e2e_p50_ms: low?.p50_ms ?? null,
    e2e_p99_ms: low?.p99_ms ?? null,
    e2e_high_p50_ms: high?.p50_ms ?? null,
    e2e_high_p99_ms: high?.p99_ms ?? null,
    steady,
    stored: exact.spans,
    traces: exact.traces,
    traces_sent: fill.traces,
    lost: exact.lost,
    doubled: exact.doubled,
    panes_off: exact.panes_off,
    ...(peer === null ? {} : { peer: peerFigures(run) }),
    foreign_cpu_share: hundredths(drain.foreign_share),
  };
}

/** What the last line of a run says. */
export type Figures = ReturnType<typeof figuresOf>;
