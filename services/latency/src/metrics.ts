import { definePaused, type Metrics } from '@spanloom/runtime';
import type { LatencyCounters } from '@spanloom/sketch';

/** The latency worker's metrics. What is read again after a restart counts again. */
export function defineMetrics(metrics: Metrics) {
  const spans = metrics.counter({
    name: 'spanloom_latency_spans_total',
    help: 'Spans read, by outcome: counted, duplicate (within a flush), bad, out-of-range (ended after 2106).',
    labels: ['outcome'],
  });
  const overflowed = metrics.counter({
    name: 'spanloom_latency_overflowed_spans_total',
    help: 'Spans counted under "other", because there were too many services, operations or series.',
  });
  const messages = metrics.counter({
    name: 'spanloom_latency_messages_total',
    help: 'Messages written to the topic latency.',
  });
  return {
    paused: definePaused(metrics),
    skipped: metrics.counter({
      name: 'spanloom_latency_skipped_records_total',
      help: 'Records without spans to count, by reason. The assembler dead-letters what cannot be read.',
      labels: ['reason'],
    }),
    flushes: metrics.counter({
      name: 'spanloom_latency_flushes_total',
      help: 'Flushes by cause: clock, or bound (too many open panes, buckets or spans).',
      labels: ['why'],
    }),
    panes: metrics.counter({
      name: 'spanloom_latency_panes_total',
      help: 'Deltas of panes written.',
    }),
    ticks: metrics.counter({
      name: 'spanloom_latency_ticks_total',
      help: 'Empty records appended so that the log clock of a quiet partition goes on.',
    }),
    openings: metrics.counter({
      name: 'spanloom_latency_partition_openings_total',
      help: 'Where a partition was taken up: committed, fresh, or recovered from the topic latency.',
      labels: ['source'],
    }),
    openPanes: metrics.gauge({
      name: 'spanloom_latency_open_panes',
      help: 'Panes gathered and not yet written, by partition.',
      labels: ['partition'],
    }),
    expired: metrics.counter({
      name: 'spanloom_latency_expired_records_total',
      help: 'Records that retention deleted before they were read: their spans are lost to this service.',
    }),
    lag: metrics.gauge({
      name: 'spanloom_latency_lag_records',
      help: 'Records of the topic spans that wait to be read, by partition.',
      labels: ['partition'],
    }),
    reportFaults: metrics.counter({
      name: 'spanloom_latency_report_faults_total',
      help: 'Parts of reports in record headers that made no sense and were left out, by name.',
      labels: ['name'],
    }),
    figuresLost: metrics.counter({
      name: 'spanloom_latency_figures_lost_total',
      help: 'Spans whose transfer delay could not be gathered or written.',
    }),
    /** Adds what a reducer counted since the last time. */
    count(now: LatencyCounters, before: LatencyCounters): void {
      const outcome = (name: string, n: number): void => {
        if (n > 0) spans.inc({ outcome: name }, n);
      };
      outcome('counted', now.spans - before.spans);
      outcome('duplicate', now.duplicates - before.duplicates);
      outcome('bad', now.badSpans - before.badSpans);
      outcome('out-of-range', now.outOfRange - before.outOfRange);
      overflowed.inc({}, now.overflowed - before.overflowed);
      messages.inc({}, now.messages - before.messages);
    },
  };
}

/** What {@link defineMetrics} gives. */
export type LatencyMetrics = ReturnType<typeof defineMetrics>;
