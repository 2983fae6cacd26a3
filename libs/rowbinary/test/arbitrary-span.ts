import type { Attributes, Span, SpanKind, StatusCode } from '@spanloom/model';
import fc from 'fast-check';

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((id) => Buffer.from(id).toString('hex'))
    .filter((id) => !/^0+$/.test(id));

/** Short, long and non-Latin texts; lengths around those where a length prefix grows. */
const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(0, 1, 63, 64, 65, 127, 128, 129, 8191, 8192)
      .map((n) => 'x'.repeat(n)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 50, max: 20_000 }).map((n) => 'é'.repeat(n)) },
);

/** Null prototype: keys such as `__proto__` are attributes like others. */
const attributes: fc.Arbitrary<Attributes> = fc
  .dictionary(
    text.filter((key) => !/^\d+$/.test(key)),
    text,
    { maxKeys: 12, noNullPrototype: true },
  )
  .filter((map) => !Object.hasOwn(map, '__proto__'));

const LONG_MAX = 2n ** 63n - 1n;
const positive: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: LONG_MAX }),
  fc.constantFrom(0n, 1n, 63n, 64n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 56n, LONG_MAX),
);
const anyLong: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: LONG_MAX }),
  fc.constantFrom(0n, -1n, -(2n ** 63n), LONG_MAX, -(2n ** 31n), -64n, -65n),
);

/** Any span that the layout can hold. */
export const arbitrarySpan: fc.Arbitrary<Span> = fc.record({
  traceId: hex(16),
  spanId: hex(8),
  parentSpanId: fc.oneof(fc.constant(''), hex(8)),
  startUnixNano: positive,
  durationNano: positive,
  kind: fc.integer({ min: 0, max: 5 }).map((n) => n as SpanKind),
  statusCode: fc.integer({ min: 0, max: 2 }).map((n) => n as StatusCode),
  service: text.filter((name) => name !== ''),
  name: text,
  traceState: text,
  flags: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  statusMessage: text,
  scopeName: text,
  scopeVersion: text,
  resourceAttributes: attributes,
  attributes,
  events: fc.array(fc.record({ timeUnixNano: anyLong, name: text, attributes }), { maxLength: 5 }),
  links: fc.array(fc.record({ traceId: hex(16), spanId: hex(8), traceState: text, attributes }), {
    maxLength: 5,
  }),
});
