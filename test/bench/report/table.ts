import { cpus, totalmem } from 'node:os';
import { alignColumns, grouped } from '@spanloom/cli';
import type { Usage } from '../measure/usage';
import { type SweepName, type SweepPoint, sweepFigures } from '../run/sweep';
import { cpuPerSpan, peerFigures, type RunResult } from './figures';

const MIB = 1024 * 1024;

/** The machine, in a line. */
export function machineLine(): string {
  const processors = cpus();
  const memory_gb = Math.round(totalmem() / 1024 ** 3);
  return `${processors.length} × ${processors[0]?.model.trim() ?? 'processor'}, ${memory_gb} GiB, node ${process.version}`;
}

function row(name: string, used: Usage, spans: number, startUp_us: number | null): string[] {
  return [
    name,
    (used.cpu_us / spans).toFixed(2),
    startUp_us === null ? '' : String(Math.round(startUp_us / 1000)),
    used.cpu_us === 0 ? '–' : grouped(Math.round((spans * 1e6) / used.cpu_us)),
    used.rss_peak_mb.toFixed(0),
    (used.read_bytes / MIB).toFixed(0),
    (used.written_bytes / MIB).toFixed(0),
  ];
}

/** The run as a table for people. */
export function tableOf(run: RunResult): readonly string[] {
  const { spans, drain, gateway } = run;
  const { workers, engines } = drain;
  const sums = cpuPerSpan(drain, spans);
  const lines = alignColumns(
    [
      ['', 'CPU µs/span', 'start-up ms', 'spans per CPU s', 'peak MiB', 'MiB in', 'MiB out'],
      ...(['assembler', 'latency', 'sink'] as const).map((name) =>
        row(name, workers[name].marginal, spans, workers[name].startUp.cpu_us),
      ),
      ['workers', sums.workers_us.toFixed(2)],
      ...(['redis', 'kafka', 'clickhouse'] as const).map((name) =>
        row(name, engines[name], spans, null),
      ),
      ['system', sums.system_us.toFixed(2)],
      ...(gateway === null
        ? []
        : [row('gateway', gateway.marginal, spans, gateway.startUp.cpu_us)]),
    ],
    { indent: '  ' },
  );
  return [machineLine(), ...lines, ...facts(run), ...peerLines(run)];
}

function facts({ spans, drain, steady }: RunResult): readonly string[] {
  const { exact, disk, fill, foreign_share } = drain;
  const perSpan = Object.entries(disk).map(([t, b]) => `${t} ${(b / spans).toFixed(1)}`);
  return [
    `  stored ${grouped(exact.spans)} of ${grouped(spans)} spans; lost ${exact.lost}, doubled ${exact.doubled}`,
    `  bytes per span on disk: ${perSpan.join(', ')}`,
    `  drained in ${(drain.elapsed_ms / 1000).toFixed(1)} s; filling took ${(fill.cpu_us / spans).toFixed(1)} µs/span, and ${(fill.kafka_us / spans).toFixed(1)} in Kafka`,
    ...steady.map(
      (s) =>
        `  at ${Math.round(s.share * 100)} % of capacity (${grouped(s.spans_per_s)} spans/s): sent to queryable p50 ${s.p50_ms} ms, p99 ${s.p99_ms} ms`,
    ),
    ...(foreign_share > 0.1
      ? [`  other processes used ${Math.round(foreign_share * 100)} % of the machine meanwhile`]
      : []),
  ];
}

function peerLines(run: RunResult): readonly string[] {
  const peer = peerFigures(run);
  if (peer === null) return [];
  return [
    `  OpenTelemetry Collector, ${grouped(peer.exported)} of ${grouped(run.spans)} spans exported: ${peer.otelcol_us.toFixed(2)} µs/span, ${peer.otelcol_rss_mb.toFixed(0)} MiB;` +
      ` the three workers, start-up included: ${peer.workers_whole_us.toFixed(2)} µs/span`,
    `  it takes ${peer.cpu_ratio.toFixed(2)} times their CPU and ${peer.rss_ratio.toFixed(2)} times their memory`,
  ];
}

/** A sweep as a table for people: one row for each value. */
export function sweepTable(name: SweepName, points: readonly SweepPoint[]): readonly string[] {
  const head = ['assembler', 'latency', 'sink', 'redis', 'kafka', 'clickhouse', 'system'];
  const rows = points
    .map(sweepFigures)
    .map((f) => [
      grouped(f.value),
      ...[f.assembler_us, f.latency_us, f.sink_us, f.redis_us, f.kafka_us, f.clickhouse_us].map(
        (us) => us.toFixed(2),
      ),
      f.system_us.toFixed(2),
      [f.rss_mb.assembler, f.rss_mb.latency, f.rss_mb.sink].join('/'),
      grouped(f.open_windows),
      f.bytes_per_span_disk.toFixed(1),
      `${f.lost}/${f.doubled}`,
    ]);
  const columns = [...head, 'peak MiB a/l/s', 'open windows', 'disk B/span', 'lost/doubled'];
  return [machineLine(), 'CPU µs/span', ...alignColumns([[name, ...columns], ...rows])];
}
