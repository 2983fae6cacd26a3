/** The bounds of what a request may turn into. Every text, count and size has one. */
export interface OtlpLimits {
  /** Longest text kept of an attribute value, key or name, in bytes of UTF-8; longer ones are cut. */
  readonly attribute_bytes_max: number;
  /** Attributes kept in one map (of a resource, span, event or link); more are dropped and counted. */
  readonly attributes_max: number;
  /** Events kept of one span; more are dropped and counted. */
  readonly events_max: number;
  /** Links kept of one span; more are dropped and counted. */
  readonly links_max: number;
  /** Arrays and key-value lists inside each other; a value nested deeper becomes `null`. */
  readonly depth_max: number;
  /** Encoded bytes of one span, resource attributes included; a larger span is rejected. */
  readonly span_bytes_max: number;
  /** Encoded bytes of all spans of one request: resource attributes are repeated in each span. */
  readonly request_bytes_max: number;
  /** Objects, arrays and members in one JSON request: bounds what parsing it may allocate. */
  readonly json_values_max: number;
}

/** The limits where nothing else was asked for. */
export const DEFAULT_OTLP_LIMITS: OtlpLimits = {
  attribute_bytes_max: 65_536,
  attributes_max: 10_000,
  events_max: 10_000,
  links_max: 10_000,
  depth_max: 16,
  span_bytes_max: 524_288,
  request_bytes_max: 134_217_728,
  json_values_max: 16_000_000,
};

/** Added to a map in which values were cut or replaced: how many, as decimal text. */
export const TRUNCATED_KEY = 'spanloom.truncated';

/** Added to a map from which attributes were left out because of the count limit: how many. */
export const DROPPED_KEY = 'spanloom.dropped_attributes';

/** The service of a span whose resource names none, as OpenTelemetry SDKs call it. */
export const UNKNOWN_SERVICE = 'unknown_service';
