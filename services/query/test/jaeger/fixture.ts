import type { Span } from '@spanloom/model';

/** A span with all fields, changed as wanted. */
export function span(change: Partial<Span> = {}): Span {
  return {
    traceId: '0123456789abcdef0123456789abcdef',
    spanId: '1111111111111111',
    parentSpanId: '',
    startUnixNano: 1_700_000_000_123_456_789n,
    durationNano: 2_000_999n,
    kind: 2,
    statusCode: 0,
    service: 'cart',
    name: 'GET /cart',
    traceState: '',
    flags: 0x101,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: { 'service.name': 'cart', 'host.name': 'a' },
    attributes: {},
    events: [],
    links: [],
    ...change,
  };
}
