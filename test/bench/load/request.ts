import type { SpanShape } from '../spans/shape';

/** What a load process is told, as JSON, by its only argument. */
export interface LoadRequest {
  readonly shape: SpanShape;
  /** `fill`: to Kafka as fast as it goes. `paced`: to Kafka at a rate. `otlp`: requests to the gateway. `fill-otlp`: OTLP to Kafka. */
  readonly mode: 'fill' | 'paced' | 'otlp' | 'fill-otlp';
  /** Spans per second, where paced. */
  readonly spans_per_s: number;
  /** `/v1/traces` of the gateway, where spans go there. */
  readonly gateway_url: string;
  /** Topic that OTLP messages go to. */
  readonly otlp_topic: string;
}

/** What a load process has done: its last line, as JSON. */
export interface LoadReport {
  readonly spans: number;
  readonly traces: number;
  /** Messages on Kafka, or requests. */
  readonly messages: number;
  /** Bytes of messages or requests before compression. */
  readonly bytes: number;
  /** Time from the first message sent to the last one acknowledged. */
  readonly elapsed_ms: number;
  /** When the first was sent, ms since 1970. */
  readonly started_unix_ms: number;
  /** User and system time of the load process, making the spans included. */
  readonly cpu_us: number;
  /** How much later than planned the latest message was sent, where paced. */
  readonly behind_ms: number;
}
