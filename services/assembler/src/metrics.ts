import { definePaused, type Metrics } from '@spanloom/runtime';

/** The assembler's metrics. */
export function defineMetrics(metrics: Metrics) {
  return {
    paused: definePaused(metrics),
    spans: metrics.counter({
      name: 'spanloom_assembler_spans_total',
      help: 'Spans read from the topic spans, duplicates included; those read again after a restart count again.',
    }),
    fragments: metrics.counter({
      name: 'spanloom_assembler_entries_total',
      help: 'Fragments and ledger entries written to the topic traces; repeats after a restart count again.',
    }),
    deadLetters: metrics.counter({
      name: 'spanloom_assembler_dead_letters_total',
      help: 'Spans and messages that could not be processed, by reason.',
      labels: ['reason'],
    }),
    ticks: metrics.counter({
      name: 'spanloom_assembler_ticks_total',
      help: 'Empty records appended so that the log clock of a quiet partition goes on.',
    }),
    checkpoints: metrics.counter({
      name: 'spanloom_assembler_checkpoints_total',
      help: 'Checkpoints written to Redis, by outcome: saved, refused because somebody else had moved the state, or failed because Redis was away or full.',
      labels: ['outcome'],
    }),
    openings: metrics.counter({
      name: 'spanloom_assembler_partition_openings_total',
      help: 'How the state of a partition was found: redis, rebuilt from the log, or fresh.',
      labels: ['source'],
    }),
    openWindows: metrics.gauge({
      name: 'spanloom_assembler_open_windows',
      help: 'Open windows, by partition.',
      labels: ['partition'],
    }),
    redisUsed: metrics.gauge({
      name: 'spanloom_assembler_redis_used_percent',
      help: 'How much of its maxmemory Redis uses; 0 where it has no limit.',
    }),
    openBytes: metrics.gauge({
      name: 'spanloom_assembler_open_window_bytes',
      help: 'Bytes of spans in open windows, by partition.',
      labels: ['partition'],
    }),
    expired: metrics.counter({
      name: 'spanloom_assembler_expired_records_total',
      help: 'Records that retention deleted before they were read: their spans are lost to this service.',
    }),
    lag: metrics.gauge({
      name: 'spanloom_assembler_lag_records',
      help: 'Records of the topic spans that wait to be read, by partition.',
      labels: ['partition'],
    }),
  };
}

/** What {@link defineMetrics} gives. */
export type AssemblerMetrics = ReturnType<typeof defineMetrics>;
