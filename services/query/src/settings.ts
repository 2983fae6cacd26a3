import {
  clickhouseSettings,
  defineSettings,
  flag,
  int,
  kafkaSettings,
  processSettings,
  redisSettings,
  text,
} from '@spanloom/runtime';

/** The query service's settings. */
export const settings = defineSettings('query', {
  ...clickhouseSettings,
  redis_url: redisSettings.redis_url,
  topic_prefix: kafkaSettings.topic_prefix,
  partitions: kafkaSettings.partitions,
  ...processSettings(9475),
  query_port: int({
    default: 8080,
    min: 0,
    max: 65_535,
    doc: 'Port of the query API; 0 takes any free one.',
  }),
  query_host: text({
    default: '',
    doc: 'Address to listen on for queries; empty means all.',
  }),
  query_seconds_max: int({
    default: 20,
    min: 1,
    // The ClickHouse client gives up after 60 s, and then could not say why.
    max: 50,
    unit: 's',
    doc: 'ClickHouse ends a query that takes longer; the client gets a 504.',
  }),
  figures_interval_ms: int({
    default: 10_000,
    min: 50,
    max: 600_000,
    unit: 'ms',
    doc: 'How often the time that answers took is written to pipeline_delays.',
  }),
  answer_spans_max: int({
    default: 100_000,
    min: 1_000,
    max: 2_000_000,
    doc: 'Spans in one answer. Where there are more, the last trace in it says so in its warnings.',
  }),
  metrics_series_max: int({
    default: 2_000,
    min: 1,
    max: 50_000,
    doc: 'Series (service, operation, kind, status) in /metrics; further ones are added to "other". Each is 50 lines.',
  }),
  metrics_series_per_service_max: int({
    default: 300,
    min: 1,
    max: 50_000,
    doc: 'Series of one service in /metrics; further ones are added to its operation "other".',
  }),
  metrics_edges_max: int({
    default: 1_000,
    min: 1,
    max: 50_000,
    doc: 'Edges of the service graph in /metrics; further ones are added to one from "other" to "other".',
  }),
  metrics_cache_ms: int({
    default: 5_000,
    min: 0,
    max: 10_000,
    doc: 'How old an answer of /metrics may be. Less than the time between two scrapes.',
  }),
  answer_bytes_max: int({
    default: 134_217_728,
    min: 1_048_576,
    max: 1_073_741_824,
    unit: 'bytes',
    doc: 'Bytes of rows that ClickHouse may answer one query with; the client gets a 413 for more. The process needs several times as much for each such query.',
  }),
  live_windows: flag({
    default: true,
    doc: 'Whether open windows are read from Redis. Without, a trace is seen when it has closed, and answers say so.',
  }),
  live_timeout_ms: int({
    default: 500,
    min: 10,
    max: 30_000,
    unit: 'ms',
    doc: 'How long reading the open windows of one partition may take; an answer goes out without them then, and says so.',
  }),
  live_settle_ms: int({
    default: 4000,
    min: 0,
    max: 20_000,
    unit: 'ms',
    doc: 'How long a trace look-up waits for spans whose window has just closed and which the sink has not stored yet.',
  }),
});
