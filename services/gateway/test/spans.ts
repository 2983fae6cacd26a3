import type { Span } from '@spanloom/model';
import {
  createOtlpDecoder,
  DEFAULT_OTLP_LIMITS,
  encodeOtlpRequest,
  type SpanArena,
} from '@spanloom/otlp';

/** A span of trace number `trace`. */
export function testSpan(trace: number, id: number, change: Partial<Span> = {}): Span {
  return {
    traceId: (trace + 1).toString(16).padStart(32, 'abc0'),
    spanId: (id + 1).toString(16).padStart(16, '0'),
    parentSpanId: '',
    startUnixNano: 1_700_000_000_000_000_000n,
    durationNano: 1000n,
    kind: 2,
    statusCode: 0,
    service: 'shop',
    name: 'buy',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: { 'service.name': 'shop' },
    attributes: {},
    events: [],
    links: [],
    ...change,
  };
}

/** The spans as a decoded request. */
export function arenaOf(spans: readonly Span[]): SpanArena {
  const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
  decoder.protobuf(encodeOtlpRequest(spans));
  return decoder.arena;
}
