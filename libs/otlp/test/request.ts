import fc from 'fast-check';

/** A request as plain data: what the tests encode both ways and turn into the expected spans. */
export type Value =
  | { readonly is: 'none' }
  | { readonly is: 'string'; readonly value: string }
  | { readonly is: 'bool'; readonly value: boolean }
  | { readonly is: 'int'; readonly value: bigint }
  | { readonly is: 'double'; readonly value: number }
  | { readonly is: 'bytes'; readonly value: Uint8Array }
  | { readonly is: 'array'; readonly value: readonly Value[] }
  | { readonly is: 'kvlist'; readonly value: readonly KeyValue[] };

export interface KeyValue {
  readonly key: string;
  readonly value: Value;
}

export interface RawEvent {
  readonly time: bigint;
  readonly name: string;
  readonly attributes: readonly KeyValue[];
}

export interface RawLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly KeyValue[];
}

export interface RawSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly duration: bigint;
  readonly attributes: readonly KeyValue[];
  readonly events: readonly RawEvent[];
  readonly links: readonly RawLink[];
  readonly status: { readonly message: string; readonly code: number } | null;
  readonly flags: number;
}

export interface RawScope {
  readonly name: string;
  readonly version: string;
  readonly spans: readonly RawSpan[];
}

export interface RawResource {
  readonly attributes: readonly KeyValue[];
  readonly scopes: readonly RawScope[];
}

const anyText = fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 80 }));
const key = fc.oneof(
  fc.constantFrom('http.method', 'a', '', '__proto__', 'toString', 'schlüssel'),
  fc.string({ maxLength: 100 }),
);
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer().map(BigInt),
  fc.constantFrom(0n, -1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)),
);

const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value; pair: KeyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: anyText.map((text) => ({ is: 'string', value: text }) as const) },
    fc.constant({ is: 'none' } as const),
    fc.boolean().map((flag) => ({ is: 'bool', value: flag }) as const),
    int64.map((int) => ({ is: 'int', value: int }) as const),
    fc.double().map((double) => ({ is: 'double', value: double }) as const),
    fc.uint8Array().map((bytes) => ({ is: 'bytes', value: bytes }) as const),
    fc.array(tie('value'), { maxLength: 4 }).map((all) => ({ is: 'array', value: all }) as const),
    fc.array(tie('pair'), { maxLength: 4 }).map((all) => ({ is: 'kvlist', value: all }) as const),
  ),
  pair: fc.record({ key, value: tie('value') }),
})).value;

// A map's keys are distinct, and none looks like an array index: an object would reorder those.
const attributes = fc
  .uniqueArray(fc.record({ key, value }), { selector: (pair) => pair.key, maxLength: 12 })
  .map((pairs) => pairs.filter((pair) => !/^\d+$/.test(pair.key)));

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((all) => Buffer.from(all).toString('hex'))
    .map((text) => (/^0+$/.test(text) ? text.replace(/.$/, '1') : text));

const time = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 62n }),
  fc.bigInt({ min: 1_600_000_000_000_000_000n, max: 1_800_000_000_000_000_000n }),
);

const span: fc.Arbitrary<RawSpan> = fc.record({
  traceId: hex(16),
  spanId: hex(8),
  parentSpanId: fc.oneof(fc.constant(''), hex(8)),
  traceState: fc.oneof(fc.constant(''), anyText),
  name: anyText,
  kind: fc.integer({ min: 0, max: 5 }),
  start: time,
  duration: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 62n - 1n }), fc.nat().map(BigInt)),
  attributes,
  events: fc.array(fc.record({ time, name: anyText, attributes }), { maxLength: 3 }),
  links: fc.array(
    fc.record({ traceId: hex(16), spanId: hex(8), traceState: anyText, attributes }),
    { maxLength: 3 },
  ),
  status: fc.oneof(
    fc.constant(null),
    fc.record({ message: anyText, code: fc.integer({ min: 0, max: 2 }) }),
  ),
  flags: fc.integer({ min: 0, max: 0x7fffffff }),
});

const service = fc
  .string({ minLength: 1 })
  .map((text): KeyValue => ({ key: 'service.name', value: { is: 'string', value: text } }));

/** Any sound request: every span of it can be taken. */
export const anyRequest: fc.Arbitrary<readonly RawResource[]> = fc.array(
  fc.record({
    attributes: fc
      .tuple(fc.option(service), attributes)
      .map(([name, rest]) => [
        ...(name === null ? [] : [name]),
        ...rest.filter((pair) => pair.key !== 'service.name'),
      ]),
    scopes: fc.array(
      fc.record({ name: anyText, version: anyText, spans: fc.array(span, { maxLength: 4 }) }),
      { maxLength: 3 },
    ),
  }),
  { maxLength: 3 },
);
