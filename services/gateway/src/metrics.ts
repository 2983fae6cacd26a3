import type { SpanArena } from '@spanloom/otlp';
import { REJECT_REASONS } from '@spanloom/otlp';
import { definePaused, type Gauge, type Metrics } from '@spanloom/runtime';

/** What the gateway counts. */
export interface GatewayMetrics {
  /** One answered request. `seconds` is from its head to its answer. */
  request(code: number, format: string, seconds: number): void;
  /** Bytes of a request body as they came, before decompression. */
  bodyBytes(bytes: number): void;
  /** What decoding one request gave; called once per request whose bytes were sound. */
  decoded(arena: SpanArena): void;
  /** Spans that Kafka has acknowledged. */
  accepted(spans: number): void;
  pack(bytes: number, spans: number): void;
  produced(seconds: number, outcome: 'ok' | 'failed'): void;
  inflightBytes(bytes: number): void;
  /** A part of a producer's report that made no sense, by name. */
  reportFault(name: string, count: number): void;
  /** Spans whose transfer delay is in no figure. */
  figuresLost(spans: number): void;
  readonly paused: Gauge;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PACK_BYTES = [256, 1024, 4096, 16_384, 65_536, 131_072, 262_144, 524_288, 1_048_576];
const PACK_SPANS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000];

/** Defines the gateway's metrics. */
export function createGatewayMetrics(metrics: Metrics): GatewayMetrics {
  const requests = metrics.counter({
    name: 'spanloom_gateway_requests_total',
    help: 'Requests answered, by HTTP status code and format.',
    labels: ['code', 'format'],
  });
  const requestSeconds = metrics.histogram({
    name: 'spanloom_gateway_request_seconds',
    help: 'From the head of a request to its answer, Kafka included.',
    buckets: SECONDS,
  });
  const body = metrics.counter({
    name: 'spanloom_gateway_body_bytes_total',
    help: 'Bytes of request bodies as received, before decompression.',
  });
  const spansAccepted = metrics.counter({
    name: 'spanloom_gateway_spans_accepted_total',
    help: 'Spans acknowledged by Kafka.',
  });
  const spansRejected = metrics.counter({
    name: 'spanloom_gateway_spans_rejected_total',
    help: 'Spans refused through partial success, by reason.',
    labels: ['reason'],
  });
  const unknownService = metrics.counter({
    name: 'spanloom_gateway_spans_unknown_service_total',
    help: 'Spans without a service name, taken as unknown_service.',
  });
  const truncated = metrics.counter({
    name: 'spanloom_gateway_texts_truncated_total',
    help: 'Attribute values and names cut because of a limit.',
  });
  const dropped = metrics.counter({
    name: 'spanloom_gateway_items_dropped_total',
    help: 'Attributes, events and links left out because of a limit.',
  });
  const packBytes = metrics.histogram({
    name: 'spanloom_gateway_pack_bytes',
    help: 'Size of the messages written to Kafka, before compression.',
    buckets: PACK_BYTES,
  });
  const packSpans = metrics.histogram({
    name: 'spanloom_gateway_pack_spans',
    help: 'Spans in a message written to Kafka.',
    buckets: PACK_SPANS,
  });
  const produceSeconds = metrics.histogram({
    name: 'spanloom_gateway_produce_seconds',
    help: 'From sending packs to Kafka until they are acknowledged, or given up.',
    labels: ['outcome'],
    buckets: SECONDS,
  });
  const inflight = metrics.gauge({
    name: 'spanloom_gateway_inflight_bytes',
    help: 'Bytes of requests held until Kafka acknowledges them.',
  });
  const reportFaults = metrics.counter({
    name: 'spanloom_gateway_report_faults_total',
    help: 'Parts of producer reports that made no sense and were left out, by name.',
    labels: ['name'],
  });
  const figuresLost = metrics.counter({
    name: 'spanloom_gateway_figures_lost_total',
    help: 'Spans whose transfer delay could not be gathered or written.',
  });
  return {
    paused: definePaused(metrics),
    request(code, format, seconds) {
      requests.inc({ code: String(code), format });
      requestSeconds.observe({}, seconds);
    },
    bodyBytes: (bytes) => body.inc({}, bytes),
    decoded(arena) {
      for (const reason of REJECT_REASONS) {
        if (arena.rejected[reason] > 0) spansRejected.inc({ reason }, arena.rejected[reason]);
      }
      if (arena.unknownServiceCount > 0) unknownService.inc({}, arena.unknownServiceCount);
      if (arena.truncatedCount > 0) truncated.inc({}, arena.truncatedCount);
      if (arena.droppedCount > 0) dropped.inc({}, arena.droppedCount);
    },
    accepted: (spans) => spansAccepted.inc({}, spans),
    pack(bytes, spans) {
      packBytes.observe({}, bytes);
      packSpans.observe({}, spans);
    },
    produced: (seconds, outcome) => produceSeconds.observe({ outcome }, seconds),
    inflightBytes: (bytes) => inflight.set({}, bytes),
    reportFault: (name, count) => reportFaults.inc({ name }, count),
    figuresLost: (spans) => figuresLost.inc({}, spans),
  };
}
