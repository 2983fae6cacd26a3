/** OTLP span kinds by number: the order of {@link SPAN_KIND_NAMES}. */
export type SpanKind = 0 | 1 | 2 | 3 | 4 | 5;

/** OTLP status codes: 0 unset, 1 ok, 2 error. */
export type StatusCode = 0 | 1 | 2;

/** Kind names as the OpenTelemetry ClickHouse exporter writes them, indexed by OTLP number. */
export const SPAN_KIND_NAMES = [
  'Unspecified',
  'Internal',
  'Server',
  'Client',
  'Producer',
  'Consumer',
] as const;

/** Status names as the OpenTelemetry ClickHouse exporter writes them, indexed by OTLP number. */
export const STATUS_CODE_NAMES = ['Unset', 'Ok', 'Error'] as const;

/** Attributes as stored: every value is text, as in the exporter's `Map(String, String)`. */
export type Attributes = Readonly<Record<string, string>>;

/** A time-stamped note inside a span. */
export interface SpanEvent {
  readonly timeUnixNano: bigint;
  readonly name: string;
  readonly attributes: Attributes;
}

/** A reference from a span to a span of another, or the same, trace. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
}

/** A span as an object: the general path, for generators, tests and read APIs. The hot path carries bytes. */
export interface Span {
  /** 32 lower-case hex characters. */
  readonly traceId: string;
  /** 16 lower-case hex characters. */
  readonly spanId: string;
  /** 16 lower-case hex characters, or empty for a root. */
  readonly parentSpanId: string;
  readonly startUnixNano: bigint;
  readonly durationNano: bigint;
  readonly kind: SpanKind;
  readonly statusCode: StatusCode;
  readonly service: string;
  readonly name: string;
  readonly traceState: string;
  readonly flags: number;
  readonly statusMessage: string;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly resourceAttributes: Attributes;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}
