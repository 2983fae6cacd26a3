import type { KeyValue, RawResource, RawSpan } from './request';

/** A span that can be taken. */
export const sampleSpan: RawSpan = {
  traceId: '0102030405060708090a0b0c0d0e0f10',
  spanId: '0102030405060708',
  parentSpanId: '',
  traceState: '',
  name: 'root',
  kind: 2,
  start: 1_700_000_000_000_000_000n,
  duration: 5n,
  attributes: [],
  events: [],
  links: [],
  status: null,
  flags: 0,
};

/** A string attribute. */
export function attribute(key: string, value: string): KeyValue {
  return { key, value: { is: 'string', value } };
}

/** A request of one resource and one scope. */
export function requestOf(
  spans: readonly Partial<RawSpan>[],
  attributes: readonly KeyValue[] = [attribute('service.name', 'shop')],
): readonly RawResource[] {
  const all = spans.map((span) => ({ ...sampleSpan, ...span }));
  return [{ attributes, scopes: [{ name: 'lib', version: '1', spans: all }] }];
}
