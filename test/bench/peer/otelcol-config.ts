/**
 * Configuration of an OpenTelemetry Collector that does what is nearest to Spanloom: it reads spans from Kafka, holds
 * each trace in memory until nothing more is expected, decides on it, counts its spans by operation and duration, and
 * writes it to ClickHouse. JSON, which is YAML too.
 */
export function otelcolConfig(options: {
  readonly broker: string;
  readonly topic: string;
  readonly clickhousePort: number;
}): string {
  const config = {
    receivers: {
      kafka: {
        brokers: [options.broker],
        group_id: `${options.topic}-otelcol`,
        initial_offset: 'earliest',
        traces: { topics: [options.topic], encoding: 'otlp_proto' },
      },
    },
    processors: {
      groupbytrace: { wait_duration: '5s', num_traces: 1_000_000, num_workers: 2 },
      tail_sampling: {
        decision_wait: '5s',
        num_traces: 1_000_000,
        policies: [{ name: 'all', type: 'always_sample' }],
      },
      batch: { send_batch_size: 10_000, timeout: '1s' },
    },
    connectors: { span_metrics: {} },
    exporters: {
      clickhouse: {
        endpoint: `http://127.0.0.1:${options.clickhousePort}?compress=none`,
        database: 'default',
        async_insert: false,
        compress: 'none',
        create_schema: false,
        // A busy machine is no reason to send a batch twice.
        timeout: '120s',
        traces_table_name: 'otel_traces',
      },
      nop: {},
    },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'info' } },
      pipelines: {
        traces: {
          receivers: ['kafka'],
          processors: ['groupbytrace', 'tail_sampling', 'batch'],
          exporters: ['span_metrics', 'clickhouse'],
        },
        metrics: { receivers: ['span_metrics'], exporters: ['nop'] },
      },
    },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
