import type { ClickHouse } from '@spanloom/clickhouse';
import { type RunState, SERVICES } from '@spanloom/infra';
import type { Admin } from '@spanloom/kafka';

/** Latency of one service over the last minute, ms. */
export interface ServiceLatency {
  readonly service: string;
  readonly perSecond: number;
  readonly errorShare: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** How the pipeline is, as its parts say themselves. Null: it cannot be told now. */
export interface Pulse {
  readonly openWindows: number | null;
  /** Records that wait, over all workers. */
  readonly lag: number | null;
  readonly services: readonly ServiceLatency[];
}

/** Where the pulse is taken. */
export interface PulseSources {
  readonly clickhouse: ClickHouse;
  readonly admin: Admin;
  readonly topicPrefix: string;
  readonly state: () => RunState;
}

const TIMEOUT_MS = 2000;

const LATENCY_SQL = `
  SELECT
    ServiceName AS service,
    sum(Count) / 60 AS perSecond,
    sum(Errors) / sum(Count) AS errorShare,
    arrayMap(nano -> nano / 1e6,
      latencyQuantiles([0.5, 0.95, 0.99], sumMap(Buckets), min(MinNano), max(MaxNano))) AS ms
  FROM latency_panes
  WHERE PaneStart >= now() - 70 AND PaneStart < now() AND SpanKind IN ('Server', 'Consumer')
  GROUP BY service
  ORDER BY sum(Count) DESC
  LIMIT 20`;

/** Takes the pulse once. What does not answer in time is left out: the display must go on. */
export async function takePulse(sources: PulseSources): Promise<Pulse> {
  const [openWindows, lag, services] = await Promise.all([
    orNull(readOpenWindows(sources.state())),
    orNull(readLag(sources)),
    orNull(readLatency(sources.clickhouse)),
  ]);
  return { openWindows, lag, services: services ?? [] };
}

async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  const late = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), TIMEOUT_MS).unref();
  });
  return Promise.race([reading.catch(() => null), late]);
}

async function readOpenWindows(state: RunState): Promise<number> {
  const ports = state.processes.filter((p) => p.kind === 'assembler').map((p) => p.adminPort);
  const pages = await Promise.all(
    ports.map(async (port) => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return response.text();
    }),
  );
  return pages.reduce((sum, page) => sum + sumSeries(page, 'spanloom_assembler_open_windows'), 0);
}

/** Sum of all series of a metric in a Prometheus text page. */
export function sumSeries(page: string, name: string): number {
  let sum = 0;
  for (const line of page.split('\n')) {
    if (!line.startsWith(name)) continue;
    const after = line[name.length];
    if (after !== '{' && after !== ' ') continue;
    sum += Number(line.slice(line.lastIndexOf(' ') + 1)) || 0;
  }
  return sum;
}

async function readLag({ admin, topicPrefix }: PulseSources): Promise<number> {
  const reads = SERVICES.flatMap((service) => service.reads);
  const lags = await Promise.all(
    reads.map(({ group, topic }) =>
      admin.groupLag(`${topicPrefix}${group}`, `${topicPrefix}${topic}`),
    ),
  );
  return lags.flat().reduce((sum, { lag }) => sum + lag, 0);
}

async function readLatency(clickhouse: ClickHouse): Promise<readonly ServiceLatency[]> {
  const rows = await clickhouse.query<{
    service: string;
    perSecond: number;
    errorShare: number;
    ms: readonly number[];
  }>(LATENCY_SQL);
  return rows.map(({ service, perSecond, errorShare, ms }) => ({
    service,
    perSecond,
    errorShare,
    p50: ms[0] ?? Number.NaN,
    p95: ms[1] ?? Number.NaN,
    p99: ms[2] ?? Number.NaN,
  }));
}
