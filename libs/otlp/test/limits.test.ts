import { decodeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS, type OtlpLimits } from '../src';
import { spansIn } from './decoded';
import { toJson, toProtobuf } from './reference';
import type { RawResource, Value } from './request';
import { attribute, requestOf } from './sample';

const forms = [
  ['protobuf', toProtobuf],
  ['json', toJson],
] as const;

describe.each(forms)('limits in %s', (form, encode) => {
  function decode(request: readonly RawResource[], limits: Partial<OtlpLimits> = {}) {
    const decoder = createOtlpDecoder({ ...DEFAULT_OTLP_LIMITS, ...limits });
    const outcome = decoder[form](encode(request));
    return { outcome, arena: decoder.arena };
  }

  function onlySpan(request: readonly RawResource[], limits: Partial<OtlpLimits> = {}): Span {
    return decodeSpan(spansIn(decode(request, limits).arena)[0] as Buffer);
  }

  it('cut a 5 MB attribute to 64 KiB and mark the map', () => {
    const { arena } = decode(
      requestOf([{ attributes: [attribute('big', 'x'.repeat(5_000_000))] }]),
    );
    const span = decodeSpan(spansIn(arena)[0] as Buffer);
    expect(span.attributes).toEqual({ big: 'x'.repeat(65_536), 'spanloom.truncated': '1' });
    expect(arena.truncatedCount).toBe(1);
  });

  it('never split a character', () => {
    const attributes = [attribute('a', 'é'.repeat(20)), attribute('b', `x${'😀'.repeat(9)}`)];
    const span = onlySpan(requestOf([{ attributes }]), { attribute_bytes_max: 15 });
    expect(span.attributes).toMatchObject({ a: 'é'.repeat(7), b: `x${'😀'.repeat(3)}` });
  });

  it.each<[string, Value]>([
    ['bytes', { is: 'bytes', value: new Uint8Array(3_000_000) }],
    ['an array', { is: 'array', value: new Array(50_000).fill({ is: 'int', value: 7n }) }],
    [
      'a list in a list',
      {
        is: 'array',
        value: [{ is: 'array', value: [attribute('', 'y'.repeat(1_000_000)).value] }],
      },
    ],
  ])('cut the text of %s', (_, value) => {
    const span = onlySpan(requestOf([{ attributes: [{ key: 'v', value }] }]));
    expect(Buffer.byteLength(span.attributes.v as string)).toBe(65_536);
    expect(span.attributes['spanloom.truncated']).toBe('1');
  });

  it('replace what is nested too deep by null', () => {
    let value: Value = { is: 'string', value: 'deep' };
    for (let i = 0; i < 40; i++) value = { is: 'array', value: [value] };
    const span = onlySpan(requestOf([{ attributes: [{ key: 'v', value }] }]));
    expect(span.attributes.v).toBe(`${'['.repeat(16)}null${']'.repeat(16)}`);
    expect(span.attributes['spanloom.truncated']).toBe('1');
  });

  it('drop attributes, events and links over their count', () => {
    const many = Array.from({ length: 5 }, (_, i) => attribute(`k${i}`, 'v'));
    const events = Array.from({ length: 5 }, () => ({ time: 1n, name: 'e', attributes: [] }));
    const link = {
      traceId: 'ab'.repeat(16),
      spanId: 'ab'.repeat(8),
      traceState: '',
      attributes: [],
    };
    const request = requestOf([{ attributes: many, events, links: [link, link, link] }]);
    const limits = { attributes_max: 3, events_max: 2, links_max: 1 };
    const { arena } = decode(request, limits);
    const span = decodeSpan(spansIn(arena)[0] as Buffer);
    expect(span.attributes).toEqual({
      k0: 'v',
      k1: 'v',
      k2: 'v',
      'spanloom.dropped_attributes': '2',
    });
    expect([span.events.length, span.links.length]).toEqual([2, 1]);
    expect(arena.droppedCount).toBe(2 + 3 + 2);
  });

  it('reject a span that is too large, alone', () => {
    const attributes = Array.from({ length: 10 }, (_, i) => attribute(`k${i}`, 'x'.repeat(60_000)));
    const { arena } = decode(requestOf([{ name: 'a' }, { attributes }, { name: 'b' }]));
    expect(arena.rejected['too-large']).toBe(1);
    expect(spansIn(arena).map((span) => decodeSpan(span).name)).toEqual(['a', 'b']);
  });

  it('reject the spans of a resource that is too large', () => {
    const attributes = Array.from({ length: 10 }, (_, i) => attribute(`k${i}`, 'x'.repeat(60_000)));
    const { arena } = decode(requestOf([{}, {}], attributes));
    expect(arena.rejected['too-large']).toBe(2);
    expect(arena.bytes).toBe(0);
  });

  it('refuse a request whose spans encode to too much', () => {
    const large = [attribute('r', 'x'.repeat(50_000))];
    const { outcome } = decode(requestOf(new Array(100).fill({}), large), {
      request_bytes_max: 1_000_000,
    });
    expect(outcome.kind).toBe('too-large');
  });

  it('count what was written in vain, so that a large resource is not copied without end', () => {
    const resource = [attribute('r', 'x'.repeat(49_000))];
    const tooMuch = { attributes: [attribute('s', 'y'.repeat(2_000))] };
    const { outcome } = decode(requestOf(new Array(100).fill(tooMuch), resource), {
      span_bytes_max: 50_000,
      request_bytes_max: 1_000_000,
    });
    expect(outcome.kind).toBe('too-large');
  });
});

it('refuses JSON that holds too many values before it is parsed', () => {
  const decoder = createOtlpDecoder({ ...DEFAULT_OTLP_LIMITS, json_values_max: 1000 });
  const body = Buffer.from(`{"x":[${'[],'.repeat(2000)}0]}`);
  expect(decoder.json(body).kind).toBe('too-large');
});
