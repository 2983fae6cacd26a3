import { definePaused, type Metrics } from '@spanloom/runtime';

/** The sink's metrics. */
export function defineMetrics(metrics: Metrics) {
  return {
    paused: definePaused(metrics),
    rows: metrics.counter({
      name: 'spanloom_sink_rows_total',
      help: 'Rows sent to ClickHouse, by table; a block that is sent again counts again.',
      labels: ['table'],
    }),
    blocks: metrics.counter({
      name: 'spanloom_sink_blocks_total',
      help: 'Blocks stored, by topic.',
      labels: ['topic'],
    }),
    repeats: metrics.counter({
      name: 'spanloom_sink_repeats_total',
      help: 'Entries that had been accepted before and were dropped, by topic.',
      labels: ['topic'],
    }),
    gaps: metrics.counter({
      name: 'spanloom_sink_gaps_total',
      help: 'Entries refused because one before them is missing, by topic. Must stay 0.',
      labels: ['topic'],
    }),
    unreadable: metrics.counter({
      name: 'spanloom_sink_unreadable_total',
      help: 'Messages, or spans in them, that could not be read and went to dead_letters, by topic.',
      labels: ['topic'],
    }),
    insertSeconds: metrics.histogram({
      name: 'spanloom_sink_insert_seconds',
      help: 'Time that ClickHouse took to store a block, by table.',
      labels: ['table'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    }),
    insertRetries: metrics.counter({
      name: 'spanloom_sink_insert_retries_total',
      help: 'Inserts that failed and were tried again.',
    }),
    insertsLost: metrics.counter({
      name: 'spanloom_sink_inserts_lost_total',
      help: 'Blocks whose token ClickHouse knew without having the rows, sent again, by table.',
      labels: ['table'],
    }),
    amended: metrics.counter({
      name: 'spanloom_sink_amended_total',
      help: 'Traces of several fragments that were analysed again as a whole.',
    }),
    amendSkipped: metrics.counter({
      name: 'spanloom_sink_amend_skipped_total',
      help: 'Traces of several fragments that have too many spans to be analysed again.',
    }),
    amendPending: metrics.gauge({
      name: 'spanloom_sink_amend_pending',
      help: 'Traces that waited to be analysed again, as far as they were looked for, when it was last done.',
    }),
    pendingBytes: metrics.gauge({
      name: 'spanloom_sink_pending_bytes',
      help: 'Bytes of rows that wait to be inserted, over all partitions.',
    }),
    expired: metrics.counter({
      name: 'spanloom_sink_expired_records_total',
      help: 'Records that retention deleted before they were read, by topic.',
      labels: ['topic'],
    }),
    lag: metrics.gauge({
      name: 'spanloom_sink_lag_records',
      help: 'Records that wait to be read, by topic and partition.',
      labels: ['topic', 'partition'],
    }),
  };
}

/** What {@link defineMetrics} gives. */
export type SinkMetrics = ReturnType<typeof defineMetrics>;
