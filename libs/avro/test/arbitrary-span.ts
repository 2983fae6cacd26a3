import type { Attributes, Span } from '@spanloom/model';
import fc from 'fast-check';

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((b) => Buffer.from(b).toString('hex'))
    .filter((text) => !/^0+$/.test(text));
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  text.filter((k) => k !== '__proto__'),
  text,
  { maxKeys: 12, noNullPrototype: true },
);
const nano = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

/** Any span that the pipeline accepts, extreme times and unicode included. */
export const anySpan: fc.Arbitrary<Span> = fc.record({
  traceId: hex(16),
  spanId: hex(8),
  parentSpanId: fc.oneof(fc.constant(''), hex(8)),
  startUnixNano: nano,
  durationNano: nano,
  kind: fc.constantFrom(0, 1, 2, 3, 4, 5),
  statusCode: fc.constantFrom(0, 1, 2),
  service: text.filter((s) => s !== ''),
  name: text,
  traceState: text,
  flags: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  statusMessage: text,
  scopeName: text,
  scopeVersion: text,
  resourceAttributes: attributes,
  attributes,
  events: fc.array(fc.record({ timeUnixNano: nano, name: text, attributes }), { maxLength: 3 }),
  links: fc.array(fc.record({ traceId: hex(16), spanId: hex(8), traceState: text, attributes }), {
    maxLength: 3,
  }),
}) as fc.Arbitrary<Span>;

/** The span as avsc takes it. */
export function avscSpan(span: Span): object {
  return {
    trace_id: Buffer.from(span.traceId, 'hex'),
    span_id: Buffer.from(span.spanId, 'hex'),
    parent_span_id:
      span.parentSpanId === '' ? Buffer.alloc(8) : Buffer.from(span.parentSpanId, 'hex'),
    start_unix_nano: span.startUnixNano,
    duration_nano: span.durationNano,
    kind: span.kind,
    status_code: span.statusCode,
    service: span.service,
    name: span.name,
    trace_state: span.traceState,
    flags: span.flags,
    status_message: span.statusMessage,
    scope_name: span.scopeName,
    scope_version: span.scopeVersion,
    resource_attributes: span.resourceAttributes,
    attributes: span.attributes,
    events: span.events.map((e) => ({
      time_unix_nano: e.timeUnixNano,
      name: e.name,
      attributes: e.attributes,
    })),
    links: span.links.map((l) => ({
      trace_id: Buffer.from(l.traceId, 'hex'),
      span_id: Buffer.from(l.spanId, 'hex'),
      trace_state: l.traceState,
      attributes: l.attributes,
    })),
  };
}
