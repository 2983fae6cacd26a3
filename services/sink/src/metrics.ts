import type { Metrics } from '@spanloom/runtime';

/** The sink's metrics. */
export function defineMetrics(metrics: Metrics) {
  return {
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
    insertRetries: metrics.counter({
      name: 'spanloom_sink_insert_retries_total',
      help: 'Inserts that failed and were tried again.',
    }),
  };
}

/** What {@link defineMetrics} gives. */
export type SinkMetrics = ReturnType<typeof defineMetrics>;
