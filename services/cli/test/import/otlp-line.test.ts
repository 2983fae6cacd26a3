import { identityOf, readOtlpLine } from '../../src/import/otlp-line';

const SPAN = {
  traceId: '8B51e36eaee3265bec099d0c5c63fd37',
  spanId: '517d16044e5eb3ee',
  name: 'a',
  kind: 2,
  startTimeUnixNano: '1661140339213560192',
  endTimeUnixNano: '1661140339214065344',
};
const lineOf = (...spans: unknown[]): string =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });

describe('readOtlpLine', () => {
  test('gives spans and the latest end', () => {
    const line = readOtlpLine(lineOf(SPAN, { ...SPAN, endTimeUnixNano: '1661140339314065344' }));
    expect(line?.spans).toHaveLength(2);
    expect(line?.end_unix_ms).toBeCloseTo(1661140339314.065, 2);
  });

  test('takes absent and null lists as empty, and other signals as no spans', () => {
    for (const text of [
      '{}',
      '{"resourceSpans":null}',
      '{"resourceMetrics":[{}]}',
      '{"resourceSpans":[{"scopeSpans":[{"spans":null}]},{}]}',
    ]) {
      expect(readOtlpLine(text)).toMatchObject({ spans: [], end_unix_ms: null });
    }
  });

  test.each(['', '{', '[]', '3', '{"resourceSpans":{}}', '{"resourceSpans":[1]}', lineOf(1)])(
    'is null for %s',
    (text) => {
      expect(readOtlpLine(text)).toBeNull();
    },
  );
});

describe('identityOf', () => {
  test('has a lower-case trace id and the span id in halves', () => {
    expect(identityOf(SPAN)).toEqual({
      traceId: '8b51e36eaee3265bec099d0c5c63fd37',
      spanHi: 0x517d1604,
      spanLo: 0x4e5eb3ee,
      kind: 2,
    });
  });

  test('reads kinds by name, and unknown ones as 0', () => {
    expect(identityOf({ ...SPAN, kind: 'SPAN_KIND_CLIENT' })?.kind).toBe(3);
    for (const kind of ['SPAN_KIND_X', 6, -1, 1.5, undefined]) {
      expect(identityOf({ ...SPAN, kind })?.kind).toBe(0);
    }
  });

  test.each([
    { traceId: SPAN.traceId.slice(1) },
    { traceId: '0'.repeat(32) },
    { spanId: '' },
    { spanId: 'x'.repeat(16) },
    { spanId: '0'.repeat(16) },
    { parentSpanId: '12' },
    { endTimeUnixNano: '1661140339213560191' },
    { endTimeUnixNano: '9223372036854775808' },
  ])('is null with %j, which the gateway rejects', (change) => {
    expect(identityOf({ ...SPAN, ...change })).toBeNull();
  });
});
