import { decodeSpan } from '@spanloom/avro';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS, type RejectReason } from '../src';
import { spansIn } from './decoded';
import { toJson, toProtobuf } from './reference';
import type { RawSpan } from './request';
import { attribute, requestOf } from './sample';

const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
const forms = [
  ['protobuf', toProtobuf, (body: Buffer) => decoder.protobuf(body)],
  ['JSON', toJson, (body: Buffer) => decoder.json(body)],
] as const;

const cases: readonly (readonly [string, RejectReason, Partial<RawSpan>])[] = [
  ['a trace id that is too short', 'trace-id', { traceId: 'abcd' }],
  ['a trace id that is too long', 'trace-id', { traceId: `${'ab'.repeat(17)}` }],
  ['no trace id', 'trace-id', { traceId: '' }],
  ['a trace id of zeros', 'trace-id', { traceId: '0'.repeat(32) }],
  ['a span id of the wrong length', 'span-id', { spanId: 'abcdef' }],
  ['a span id of zeros', 'span-id', { spanId: '0'.repeat(16) }],
  ['a parent id of the wrong length', 'parent-id', { parentSpanId: 'abcd' }],
  ['an end before its start', 'duration', { duration: -1n }],
  ['a start after 2262', 'start', { start: 2n ** 63n, duration: 1n }],
  ['an end after 2262', 'duration', { start: 5n, duration: 2n ** 63n }],
];

describe.each(forms)('in %s, a span with', (_, encode, decode) => {
  it.each(cases)('%s is rejected as %s, and the others are taken', (_what, reason, change) => {
    const body = encode(requestOf([{ name: 'a' }, change, { name: 'b' }]));
    expect(decode(body)).toEqual({ kind: 'decoded' });
    const { arena } = decoder;
    expect(arena.rejected[reason]).toBe(1);
    expect(arena.rejectedCount).toBe(1);
    expect(arena.firstReject).not.toBe('');
    expect(spansIn(arena).map((span) => decodeSpan(span).name)).toEqual(['a', 'b']);
  });

  it.each([
    ['no resource attributes', []],
    ['an empty service name', [attribute('service.name', '')]],
  ])('%s gets the service unknown_service, and is counted', (_what, attributes) => {
    decode(encode(requestOf([{}], attributes)));
    const { arena } = decoder;
    expect(arena.unknownServiceCount).toBe(1);
    expect(decodeSpan(spansIn(arena)[0] as Buffer).service).toBe('unknown_service');
  });

  it('an unknown kind and status code are taken as unspecified and unset', () => {
    decode(encode(requestOf([{ kind: 77, status: { code: 9, message: 'm' } }])));
    const span = decodeSpan(spansIn(decoder.arena)[0] as Buffer);
    expect([span.kind, span.statusCode, span.statusMessage]).toEqual([0, 0, 'm']);
  });

  it('a parent id of zeros is a root', () => {
    decode(encode(requestOf([{ parentSpanId: '0'.repeat(16) }])));
    expect(decodeSpan(spansIn(decoder.arena)[0] as Buffer).parentSpanId).toBe('');
  });
});
