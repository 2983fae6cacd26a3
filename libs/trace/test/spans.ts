import type { Span, SpanKind, StatusCode } from '@spanloom/model';
import fc from 'fast-check';

/** Times in tests are ns after this. */
export const BASE = 1_700_000_000_000_000_000n;
export const INTERNAL = 1;
export const SERVER = 2;
export const CLIENT = 3;
export const PRODUCER = 4;
export const CONSUMER = 5;
export const ERROR = 2;

/** What tells a test's span from others. */
export interface Shape {
  readonly id: number;
  /** 0: none. */
  readonly parent?: number;
  readonly kind?: number;
  readonly service?: string;
  readonly name?: string;
  readonly status?: number;
  readonly start?: number;
  readonly duration?: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

const hex = (id: number): string => id.toString(16).padStart(16, '0');

export function span(shape: Shape): Span {
  const { id, parent = 0, kind = INTERNAL, service = 'a', status = 0, attributes = {} } = shape;
  return {
    traceId: '1'.repeat(32),
    spanId: hex(id),
    parentSpanId: parent === 0 ? '' : hex(parent),
    startUnixNano: BASE + BigInt(shape.start ?? 0),
    durationNano: BigInt(shape.duration ?? 10),
    kind: kind as SpanKind,
    statusCode: status as StatusCode,
    service,
    name: shape.name ?? `op ${id}`,
    traceState: '',
    flags: 0,
    statusMessage: '',
    scopeName: '',
    scopeVersion: '',
    resourceAttributes: {},
    attributes,
    events: [],
    links: [],
  };
}

const details = {
  kind: fc.nat(5),
  service: fc.constantFrom('a', 'b', 'c'),
  status: fc.constantFrom(0, 0, ERROR),
  start: fc.nat(40),
  duration: fc.nat(40),
};

/** Trees with some parents missing. */
export const trees: fc.Arbitrary<readonly Span[]> = fc
  .array(fc.record({ ...details, up: fc.nat() }), { minLength: 1, maxLength: 40 })
  .map((shapes) =>
    shapes.map(({ up, ...shape }, i) => {
      const parent = up % 17 === 0 ? 1000 + (up % 5) : (up % (i + 1)) + 0;
      return span({ ...shape, id: i + 1, parent });
    }),
  );

/** Anything: ids that repeat, circles, spans that are their own parents. */
export const hostile: fc.Arbitrary<readonly Span[]> = fc
  .array(fc.record({ ...details, id: fc.integer({ min: 1, max: 9 }), parent: fc.nat(10) }), {
    maxLength: 25,
  })
  .map((shapes) => shapes.map(span));

export const traces = fc.oneof(trees, hostile);
