import type { Metrics } from '@spanloom/runtime';
import type { LiveFailure } from './live/outcome';

/** What the query service counts. */
export interface QueryMetrics {
  /** One answered request. `route` is the pattern, never the path as asked; seconds from its head to its answer. */
  request(route: string, code: number, seconds: number): void;
  /** One query to ClickHouse, by its fixed name. */
  query(name: string, outcome: 'ok' | 'failed', seconds: number): void;
  /** How many series and edges are exposed together as "other". */
  folded(counts: { readonly series: number; readonly edges: number }): void;
  /** One reading of a partition's open windows: for traces by id, or for the list of windows. */
  liveRead(what: 'trace' | 'windows', outcome: 'ok' | LiveFailure, seconds: number): void;
  /** Answers whose time is in no figure. */
  figuresLost(answers: number): void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Defines the query service's metrics. */
export function defineMetrics(metrics: Metrics): QueryMetrics {
  const requests = metrics.counter({
    name: 'spanloom_query_requests_total',
    help: 'Requests answered, by route and HTTP status code.',
    labels: ['route', 'code'],
  });
  const requestSeconds = metrics.histogram({
    name: 'spanloom_query_request_seconds',
    help: 'From the head of a request to its answer.',
    labels: ['route'],
    buckets: SECONDS,
  });
  const queries = metrics.counter({
    name: 'spanloom_query_clickhouse_queries_total',
    help: 'Queries sent to ClickHouse, by name and outcome.',
    labels: ['query', 'outcome'],
  });
  const querySeconds = metrics.histogram({
    name: 'spanloom_query_clickhouse_seconds',
    help: 'Time that ClickHouse takes to answer, by query.',
    labels: ['query'],
    buckets: SECONDS,
  });
  const folded = metrics.gauge({
    name: 'spanloom_query_folded_series',
    help: 'Operations and edges that /metrics shows together as "other", because there are too many.',
    labels: ['of'],
  });
  const liveReads = metrics.counter({
    name: 'spanloom_query_live_reads_total',
    help: "Readings of a partition's open windows in Redis, by what for (trace, windows) and outcome: ok; off, turned off; away, slow: Redis; moving: changed each time; unreadable; too-large. All but ok: an answer without live windows.",
    labels: ['what', 'outcome'],
  });
  const liveSeconds = metrics.histogram({
    name: 'spanloom_query_live_read_seconds',
    help: "Time that reading a partition's open windows takes, by what for.",
    labels: ['what'],
    buckets: SECONDS,
  });
  const figuresLost = metrics.counter({
    name: 'spanloom_query_figures_lost_total',
    help: 'Answers whose time could not be gathered or written to pipeline_delays.',
  });
  return {
    liveRead(what, outcome, seconds) {
      liveReads.inc({ what, outcome });
      liveSeconds.observe({ what }, seconds);
    },
    figuresLost: (answers) => figuresLost.inc({}, answers),
    request(route, code, seconds) {
      requests.inc({ route, code: String(code) });
      requestSeconds.observe({ route }, seconds);
    },
    query(name, outcome, seconds) {
      queries.inc({ query: name, outcome });
      querySeconds.observe({ query: name }, seconds);
    },
    folded({ series, edges }) {
      folded.set({ of: 'series' }, series);
      folded.set({ of: 'edges' }, edges);
    },
  };
}
