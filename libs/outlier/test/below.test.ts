import type { Span, SpanKind } from '@spanloom/model';
import { rankBelow, type TopSpan } from '../src';

const SERVER = 2;
const CLIENT = 3;

const hex = (id: number): string => id.toString(16).padStart(16, '0');

function span(
  id: number,
  parent: number,
  kind: SpanKind,
  service: string,
  name: string,
  start: number,
  duration: number,
): Span {
  return {
    traceId: 'a'.repeat(32),
    spanId: hex(id),
    parentSpanId: parent === 0 ? '' : hex(parent),
    startUnixNano: 1_700_000_000_000_000_000n + BigInt(start),
    durationNano: BigInt(duration),
    kind,
    statusCode: 0,
    service,
    name,
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: { 'k8s.pod.name': `${service}-1` },
    attributes: {},
    events: [],
    links: [],
  };
}

/**
 * edge calls web, in which a lasts `a` and then a call to cart takes `call`, of which cart works `work`.
 * Looked into is web's span.
 */
function trace(isSlow: boolean, a: number, call: number, work: number): TopSpan {
  const spans = [
    span(1, 0, SERVER, 'edge', 'GET /', 0, 5_000),
    span(2, 1, SERVER, 'web', 'buy', 100, a + call + 20),
    span(3, 2, 1, 'web', 'a', 110, a),
    span(4, 2, CLIENT, 'web', 'cart.get', 110 + a, call),
    span(5, 4, SERVER, 'cart', 'get', 110 + a + (call - work) / 2, work),
  ];
  return { spanId: hex(2), kind: SERVER, isSlow, trace: spans };
}

describe('what is below', () => {
  it('shares out the time of the span, and names who is waited for', () => {
    const tops = [
      ...Array.from({ length: 20 }, (_, i) => trace(true, 100 + i, 640 + 2 * i, 40)),
      ...Array.from({ length: 30 }, (_, i) => trace(false, 100 + i, 60 + 2 * i, 40)),
    ];
    const found = rankBelow(tops);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      service: 'web',
      operation: 'cart.get',
      callee: 'cart',
      share_slow: 1,
      share_rest: 1,
      // Means of 640 … 678 and of 60 … 118, less the 40 that cart works.
      mean_slow_nano: 619,
      mean_rest_nano: 49,
      difference_nano: 570,
      instance: { name: 'cart-1', share: 1 },
    });
    // web's own 20, a and cart take what they take: a 5 less, since it was longer in the rest.
    expect(found[0]?.part).toBeCloseTo(570 / 565, 9);
  });

  it('counts what is missing in some as no time', () => {
    const without = (top: TopSpan): TopSpan => ({ ...top, trace: top.trace.slice(0, 3) });
    const tops = [
      ...Array.from({ length: 20 }, () => trace(true, 10, 500, 400)),
      ...Array.from({ length: 20 }, () => without(trace(false, 10, 500, 400))),
    ];
    const names = rankBelow(tops).map((one) => [
      one.service,
      one.operation,
      one.share_rest,
      one.mean_rest_nano,
      one.mean_slow_nano,
    ]);
    expect(names).toEqual([
      ['cart', 'get', 0, 0, 400],
      ['web', 'cart.get', 0, 0, 100],
    ]);
  });

  it('is nothing without spans, or with one of each', () => {
    expect(rankBelow([])).toEqual([]);
    expect(rankBelow([trace(true, 100, 600, 10), trace(false, 100, 60, 10)])).toEqual([]);
  });
});
