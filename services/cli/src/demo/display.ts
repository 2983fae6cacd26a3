import type { RunState } from '@spanloom/infra';
import { alignColumns } from '../terminal/columns';
import { grouped, shortMs } from '../terminal/progress';
import type { Pulse } from './pulse';

/** What the demo shows besides the pulse. */
export interface DemoCounts {
  readonly seconds: number;
  readonly spansPerSecond: number;
  readonly spansSent: number;
  readonly tracesFinished: number;
  readonly spansStored: number;
  readonly endToEndP50Ms: number;
  readonly endToEndP99Ms: number;
}

const orDash = (value: number | null): string => (value === null ? '–' : grouped(value));

/** The lines of the live display; the first says the most, for logs that show only one. */
export function demoLines(counts: DemoCounts, pulse: Pulse): readonly string[] {
  const { spansPerSecond, spansSent, tracesFinished, spansStored } = counts;
  const head =
    `${counts.seconds.toFixed(0)} s  in ${grouped(Math.round(spansPerSecond))} spans/s` +
    `  open windows ${orDash(pulse.openWindows)}  traces finished ${grouped(tracesFinished)}` +
    `  rows stored ${grouped(spansStored)}  lag ${orDash(pulse.lag)}`;
  const journey =
    `sent ${grouped(spansSent)} spans; queryable after ` +
    `p50 ${shortMs(counts.endToEndP50Ms)}, p99 ${shortMs(counts.endToEndP99Ms)}`;
  if (pulse.services.length === 0) return [head, journey];
  const table = alignColumns(
    [
      ['service, last minute', 'per s', 'errors', 'p50', 'p95', 'p99'],
      ...pulse.services.map((s) => [
        s.service,
        s.perSecond.toFixed(1),
        `${(s.errorShare * 100).toFixed(1)} %`,
        shortMs(s.p50),
        shortMs(s.p95),
        shortMs(s.p99),
      ]),
    ],
    { indent: '  ' },
  );
  return [head, journey, '', ...table];
}

/** Where people look, printed once. */
export function whereToLook(state: Pick<RunState, 'processes'>, home: string): readonly string[] {
  const portOf = (kind: string): number | null =>
    state.processes.find((process) => process.kind === kind)?.port ?? null;
  const query = `http://127.0.0.1:${portOf('query') ?? 8080}`;
  return [
    '',
    `  API   ${query}/api/traces?service=checkout&limit=5`,
    `        ${query}/api/latency?window=1m (all of it: ${query}/openapi.json)`,
    `        ${query}/metrics for Prometheus`,
    '  SQL   npx spanloom sql "SELECT RootService, RootName, count() AS traces,',
    '          round(quantile(0.99)(Duration) / 1e6, 1) AS p99_ms FROM traces GROUP BY 1, 2 ORDER BY 3 DESC"',
    `  send  OTLP over HTTP to http://127.0.0.1:${portOf('gateway') ?? 4318}/v1/traces`,
    `  logs  ${home}/logs`,
    '',
  ];
}
