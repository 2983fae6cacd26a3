import { readOtlpLine } from '../../src/import/otlp-line';
import { createSentSpans } from '../../src/import/sent-spans';

const span = (traceId: string, spanId: string, kind = 1) => ({
  traceId,
  spanId,
  kind,
  startTimeUnixNano: '1',
  endTimeUnixNano: '2',
});
const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

test('counts accepted and distinct spans, and those of each trace', () => {
  const spans = [
    span(A, '1'.repeat(16)),
    span(A, '1'.repeat(16)),
    span(A, '1'.repeat(16), 3),
    span(B, '1'.repeat(16)),
    span(B, 'short'),
  ];
  const line = readOtlpLine(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
  if (line === null) throw new Error('the line is whole');
  const sent = createSentSpans();
  expect(sent.add(line)).toBe(4);
  expect(sent).toMatchObject({ accepted: 4, distinct: 3, traceIds: [A, B] });
  expect([sent.spansOf(0), sent.spansOf(1)]).toEqual([2, 1]);
});
