import { decodeSpan } from '@spanloom/avro';
import fc from 'fast-check';
import { countJsonSpans, createOtlpDecoder, DEFAULT_OTLP_LIMITS } from '../src';
import { spansIn } from './decoded';
import { avroBytes, expectedSpans, toJson, toProtobuf } from './reference';
import { anyRequest, type RawSpan } from './request';
import { attribute, requestOf } from './sample';

const decoder = createOtlpDecoder({ ...DEFAULT_OTLP_LIMITS, request_bytes_max: 8_388_608 });

/** Every span in the arena must be whole, whatever the input was. */
function expectWholeSpans(): void {
  const { arena } = decoder;
  let end = 0;
  arena.forEachSpan((_, start, stop) => {
    expect(start).toBe(end);
    expect(stop).toBeGreaterThan(start + 32);
    end = stop;
  });
}

describe('hostile bytes', () => {
  it('never make the protobuf decoder throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        decoder.protobuf(Buffer.from(bytes));
        expectWholeSpans();
      }),
      { numRuns: 2000 },
    );
  });

  it('in the middle of a sound request are refused, or change what they say; never more', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(anyRequest, fc.array(change, { minLength: 1, maxLength: 4 }), (request, all) => {
        let body = toProtobuf(request);
        for (const { at, byte, cut } of all) {
          if (body.length === 0) break;
          if (cut) body = body.subarray(0, at % body.length);
          else body[at % body.length] = byte;
        }
        // A copy at the end of its memory block: nothing after it could be read unnoticed.
        const outcome = decoder.protobuf(Buffer.from(new Uint8Array(body).buffer));
        expect(['decoded', 'malformed']).toContain(outcome.kind);
        if (outcome.kind === 'decoded') expectWholeSpans();
      }),
      { numRuns: 1000 },
    );
  });

  it('never make the JSON decoder throw', () => {
    const names = fc.constantFrom('resourceSpans', 'scopeSpans', 'spans', 'resource', 'attributes');
    const wild = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom(null, true, -1, 1e300, '', 'x', '12'),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(names, spanMember), tie('json'), { maxKeys: 4 }),
      ),
    })).json;
    fc.assert(
      fc.property(wild, (json) => {
        const span = { spans: [json] };
        for (const body of [json, { resourceSpans: [{ scopeSpans: [span] }] }]) {
          decoder.json(Buffer.from(JSON.stringify(body)));
          expectWholeSpans();
        }
      }),
      { numRuns: 2000 },
    );
  });

  const spanMember = fc.constantFrom(
    'traceId',
    'spanId',
    'events',
    'links',
    'status',
    'kind',
    'key',
  );
});

describe('a broken request', () => {
  it.each([
    ['truncated', toProtobuf(requestOf([{}])).subarray(0, -3)],
    ['with a length past its end', Buffer.from('0aff01', 'hex')],
    ['with a varint without end', Buffer.from('0affffffffffffffffffff', 'hex')],
    ['with a group', Buffer.from('0b0c', 'hex')],
    ['with field number 0', Buffer.from('0200', 'hex')],
    ['of text', Buffer.from('hello, this is not protobuf')],
  ])('in protobuf, %s, is malformed', (_, body) => {
    expect(decoder.protobuf(body)).toEqual({
      kind: 'malformed',
      message: expect.stringMatching(/^invalid protobuf at byte \d+: /) as string,
    });
  });

  it.each([
    ['nothing', ''],
    ['half an object', '{"resourceSpans":['],
    ['a list', '[]'],
    ['null', 'null'],
    ['a wrong type', '{"resourceSpans":{}}'],
    ['a span that is none', '{"resourceSpans":[{"scopeSpans":[{"spans":[7]}]}]}'],
    ['deep nesting', '['.repeat(200_000)],
  ])('in JSON, %s, is malformed', (_, body) => {
    expect(decoder.json(Buffer.from(body)).kind).toBe('malformed');
  });

  it('in protobuf is malformed wherever its one group is cut off', () => {
    const sound = toProtobuf(requestOf([{ attributes: [attribute('key', 'value')] }]));
    for (let end = 1; end < sound.length; end++) {
      const cut = Buffer.from(new Uint8Array(sound.subarray(0, end)).buffer);
      expect(decoder.protobuf(cut).kind).toBe('malformed');
    }
  });

  it('in protobuf is malformed where a message is longer than what holds it', () => {
    // resource_spans { resource { attributes { key: 3 bytes, but 2 are left } } } and one byte more
    expect(decoder.protobuf(Buffer.from('0a080a060a040a036162ff', 'hex')).kind).toBe('malformed');
    expect(decoder.protobuf(Buffer.from('0a080a060a040a026162', 'hex')).kind).toBe('decoded');
  });

  it('leaves the decoder ready for the next', () => {
    const request = requestOf([{}, { name: 'second' }]);
    decoder.protobuf(Buffer.from('0aff01', 'hex'));
    decoder.protobuf(toProtobuf(request));
    expect(spansIn(decoder.arena)).toEqual(expectedSpans(request).map(avroBytes));
  });
});

describe('unusual but sound requests', () => {
  it('may hold fields in any order, unknown fields, and lengths that are not minimal', () => {
    const sound = toProtobuf(requestOf([{}]));
    const resourceSpans = sound.subarray(2);
    const resourceBytes = 2 + (resourceSpans[1] as number);
    const resource = resourceSpans.subarray(0, resourceBytes);
    const scopeSpans = resourceSpans.subarray(resourceBytes);
    const unknown = Buffer.from('f82a01fa2a02ffff', 'hex');
    const content = Buffer.concat([scopeSpans, unknown, resource]);
    const head = Buffer.from([0x0a, (content.length & 127) | 128, content.length >>> 7 || 0x80, 0]);
    const body = Buffer.concat([
      content.length > 127 ? head.subarray(0, 3) : head,
      content,
      unknown,
    ]);
    expect(decoder.protobuf(body)).toEqual({ kind: 'decoded' });
    expect(spansIn(decoder.arena)).toEqual(expectedSpans(requestOf([{}])).map(avroBytes));
  });

  it('may set a value twice: the last counts', () => {
    const sound = toProtobuf(requestOf([{ attributes: [attribute('key', 'value')] }]));
    // In the same 7 bytes: the string "xyz", then the integer 7.
    const twice = Buffer.from(sound);
    const at = twice.lastIndexOf(Buffer.from('0a0576616c7565', 'hex'));
    twice.set(Buffer.from('0a0378797a1807', 'hex'), at);
    expect(decoder.protobuf(twice)).toEqual({ kind: 'decoded' });
    const [span] = spansIn(decoder.arena).map((bytes) => decodeSpan(bytes));
    expect(span?.attributes).toEqual({ key: '7' });
  });

  it('may name enums and write 64-bit numbers as numbers in JSON', () => {
    const span = {
      traceId: '0102030405060708090A0B0C0D0E0F10',
      spanId: '0102030405060708',
      name: 'root',
      kind: 'SPAN_KIND_SERVER',
      startTimeUnixNano: 1000,
      endTimeUnixNano: '1005',
      status: { code: 'STATUS_CODE_ERROR' },
      attributes: [{ key: 'n', value: { intValue: 5 }, later: true }],
      newField: { a: [1] },
    };
    const resourceSpans = [{ resource: null, scopeSpans: [{ spans: [span] }] }];
    expect(decoder.json(Buffer.from(JSON.stringify({ resourceSpans })))).toEqual({
      kind: 'decoded',
    });
    const change: Partial<RawSpan> = {
      start: 1000n,
      status: { code: 2, message: '' },
      attributes: [{ key: 'n', value: { is: 'int', value: 5n } }],
    };
    const spans = requestOf([change], [])[0]?.scopes[0]?.spans ?? [];
    const expected = expectedSpans([
      { attributes: [], scopes: [{ name: '', version: '', spans }] },
    ]);
    expect(spansIn(decoder.arena)).toEqual(expected.map(avroBytes));
  });

  it('are answered with nothing when they hold nothing', () => {
    expect(decoder.protobuf(Buffer.alloc(0))).toEqual({ kind: 'decoded' });
    expect(decoder.json(Buffer.from('{}'))).toEqual({ kind: 'decoded' });
    expect(decoder.arena.spanCount).toBe(0);
  });
});

describe('countJsonSpans', () => {
  it('counts what the decoder sees', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const line = toJson(request).toString();
        expect(countJsonSpans(line)).toBe(expectedSpans(request).length);
      }),
      { numRuns: 50 },
    );
  });

  it('says null of what is no request', () => {
    expect(countJsonSpans('{"resourceSpans":7}')).toBeNull();
    expect(countJsonSpans('{')).toBeNull();
  });
});
