import { definePaused, type Metrics } from '@spanloom/runtime';

/** The anomaly worker's metrics. What is read again after a restart counts again. */
export function defineMetrics(metrics: Metrics) {
  return {
    paused: definePaused(metrics),
    fragments: metrics.counter({
      name: 'spanloom_anomaly_fragments_total',
      help: 'Fragments read, by outcome: observed, or partial (late, cut or evicted: left out).',
      labels: ['outcome'],
    }),
    unread: metrics.counter({
      name: 'spanloom_anomaly_unread_total',
      help: 'What was stepped over, by what it is: message (not readable), span, repeat (entry or batch), gap, overflow (too many series). The sink dead-letters what cannot be read.',
      labels: ['what'],
    }),
    batches: metrics.counter({
      name: 'spanloom_anomaly_batches_total',
      help: 'Messages written to the topic self-times.',
    }),
    judged: metrics.counter({
      name: 'spanloom_anomaly_panes_judged_total',
      help: 'Panes of ten seconds that were compared with the baselines.',
    }),
    late: metrics.counter({
      name: 'spanloom_anomaly_late_series_total',
      help: 'Series of panes that came after their pane was judged, or lie more than an hour ahead of the log clock: left out.',
    }),
    unjudged: metrics.counter({
      name: 'spanloom_anomaly_unjudged_series_total',
      help: 'Series of panes for which there was no room among the baselines.',
    }),
    events: metrics.counter({
      name: 'spanloom_anomaly_events_total',
      help: 'Events, by outcome: written, repeat (was on the topic already), suppressed (the incident had too many).',
      labels: ['outcome'],
    }),
    ticks: metrics.counter({
      name: 'spanloom_anomaly_ticks_total',
      help: 'Empty records appended so that the log clock of the topic self-times goes on.',
    }),
    baselines: metrics.gauge({
      name: 'spanloom_anomaly_baselines',
      help: 'Series with a baseline.',
    }),
    pendingPanes: metrics.gauge({
      name: 'spanloom_anomaly_pending_panes',
      help: 'Panes that wait to be judged.',
    }),
    expired: metrics.counter({
      name: 'spanloom_anomaly_expired_records_total',
      help: 'Records that retention deleted before they were read, by topic.',
      labels: ['topic'],
    }),
    lag: metrics.gauge({
      name: 'spanloom_anomaly_lag_records',
      help: 'Records that wait to be read, by topic and partition.',
      labels: ['topic', 'partition'],
    }),
  };
}

/** What {@link defineMetrics} gives. */
export type AnomalyMetrics = ReturnType<typeof defineMetrics>;
