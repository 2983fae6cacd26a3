import type { Span } from '@spanloom/model';

/** A span of the trace with a number; its id is another number. */
export function makeSpan(trace: number, id: number, root: boolean): Span {
  return {
    traceId: (trace * 7919 + 1).toString(16).padStart(32, 'c3'),
    spanId: (id + 1).toString(16).padStart(16, '0'),
    parentSpanId: root ? '' : '00000000000000aa',
    startUnixNano: 1_700_000_000_000_000_000n,
    durationNano: 5_000_000n,
    kind: 2,
    statusCode: 0,
    service: 'cart',
    name: 'GET /cart',
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: { 'service.name': 'cart' },
    attributes: { 'http.request.method': 'GET', n: String(id) },
    events: [],
    links: [],
  };
}
