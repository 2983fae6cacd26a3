import { DEFAULT_OTLP_LIMITS, type OtlpLimits } from '@spanloom/otlp';
import {
  type ConfigOf,
  choice,
  defineSettings,
  int,
  kafkaSettings,
  processSettings,
  text,
} from '@spanloom/runtime';

const MIB = 1_048_576;

/** Everything that can be set of the gateway. */
export const gatewaySettings = defineSettings('gateway', {
  ...kafkaSettings,
  ...processSettings(9471),
  otlp_http_port: int({
    default: 4318,
    min: 0,
    max: 65_535,
    doc: 'Port for OTLP over HTTP; 0 takes any free one.',
  }),
  otlp_http_host: text({
    default: '',
    doc: 'Address to listen on for OTLP over HTTP; empty: all addresses.',
  }),
  body_bytes_max: int({
    default: 64 * MIB,
    min: 1024,
    max: 512 * MIB,
    doc: 'Largest request body, counted after decompression; a larger one is answered with 413.',
  }),
  inflight_bytes_max: int({
    default: 192 * MIB,
    min: 65_536,
    max: 16_384 * MIB,
    doc: 'Bytes of requests held until Kafka has acknowledged them; beyond it requests get 429.',
  }),
  requests_max: int({
    default: 1024,
    min: 1,
    max: 100_000,
    doc: 'Requests in progress at a time; beyond it they get 429.',
  }),
  connections_max: int({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    doc: 'Open connections; further ones are closed at once.',
  }),
  request_timeout_ms: int({
    default: 30_000,
    min: 100,
    max: 3_600_000,
    doc: 'How long a client may take to send one request.',
  }),
  keep_alive_timeout_ms: int({
    default: 65_000,
    min: 1000,
    max: 3_600_000,
    doc: 'How long an idle connection stays open.',
  }),
  retry_after_s: int({
    default: 1,
    min: 1,
    max: 3600,
    doc: 'What 429 and 503 tell the client to wait before it tries again.',
  }),
  linger_ms: int({
    default: 5,
    min: 0,
    max: 10_000,
    doc: 'How long spans wait to be packed with those of other requests.',
  }),
  pack_bytes_max: int({
    default: 524_288,
    min: 4096,
    max: 900_000,
    doc: 'Size at which a pack of spans is sent before its time; one larger span is a pack of its own.',
  }),
  compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    default: 'lz4',
    doc: 'Compression of what is written to Kafka. zstd needs a Node that has it (22.15 or newer).',
  }),
  produce_timeout_ms: int({
    default: 9000,
    min: 100,
    max: 600_000,
    doc: 'How long Kafka may take to acknowledge, retries included, before the request gets 503. Exporters commonly wait 10 s.',
  }),
  figures_interval_ms: int({
    default: 5000,
    min: 50,
    max: 600_000,
    doc: 'How often what producers report and the transfer delays are written to the topic figures.',
  }),
  attribute_bytes_max: int({
    default: DEFAULT_OTLP_LIMITS.attribute_bytes_max,
    min: 64,
    max: MIB,
    doc: 'Longest text kept of an attribute or name; longer ones are cut and marked.',
  }),
  attributes_max: int({
    default: DEFAULT_OTLP_LIMITS.attributes_max,
    min: 1,
    max: 19_000,
    doc: 'Attributes kept of a resource, span, event or link, and events and links kept of a span.',
  }),
  span_bytes_max: int({
    default: DEFAULT_OTLP_LIMITS.span_bytes_max,
    min: 1024,
    max: 900_000,
    doc: 'Largest span, encoded, its resource included; a larger one is rejected.',
  }),
  request_encoded_bytes_max: int({
    default: DEFAULT_OTLP_LIMITS.request_bytes_max,
    min: MIB,
    max: 1024 * MIB,
    doc: 'Most that the spans of one request may encode to; beyond it the request gets 413.',
  }),
});

/** The gateway's configuration. */
export type GatewayConfig = ConfigOf<typeof gatewaySettings>;

/** The decoder's limits as configured. */
export function otlpLimits(config: GatewayConfig): OtlpLimits {
  return {
    ...DEFAULT_OTLP_LIMITS,
    attribute_bytes_max: config.attribute_bytes_max,
    attributes_max: config.attributes_max,
    events_max: config.attributes_max,
    links_max: config.attributes_max,
    span_bytes_max: config.span_bytes_max,
    request_bytes_max: config.request_encoded_bytes_max,
  };
}
