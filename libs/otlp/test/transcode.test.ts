import { decodeSpan, reference, SpanBatchBuilder, WIRE_HEADER_BYTES } from '@spanloom/avro';
import fc from 'fast-check';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS, encodeOtlpJson, encodeOtlpRequest } from '../src';
import { spansIn } from './decoded';
import { avroBytes, expectedSpans, toJson, toProtobuf } from './reference';
import { anyRequest } from './request';
import { requestOf } from './sample';

const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);

describe('any sound request', () => {
  it('becomes the same bytes from protobuf as the general encoder writes', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(decoder.protobuf(toProtobuf(request))).toEqual({ kind: 'decoded' });
        expect(decoder.arena.rejectedCount).toBe(0);
        expect(spansIn(decoder.arena)).toEqual(expectedSpans(request).map(avroBytes));
      }),
      { numRuns: 300 },
    );
  });

  it('becomes the same bytes from JSON', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(decoder.json(toJson(request))).toEqual({ kind: 'decoded' });
        expect(spansIn(decoder.arena)).toEqual(expectedSpans(request).map(avroBytes));
      }),
      { numRuns: 300 },
    );
  });

  it('packs into a batch that avsc reads', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        decoder.protobuf(toProtobuf(request));
        const builder = new SpanBatchBuilder();
        decoder.arena.forEachSpan((buffer, start, end) => builder.add(buffer, start, end));
        const body = builder.finish(1, 0).subarray(WIRE_HEADER_BYTES);
        const batch = reference.spanBatch.fromBuffer(body) as { spans: { name: string }[] };
        expect(batch.spans.map((span) => span.name)).toEqual(
          expectedSpans(request).map((span) => span.name),
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe('our own encoders', () => {
  it('write requests that decode to the spans they were given', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const spans = expectedSpans(request).filter((span) => span.service !== 'unknown_service');
        const byKey = (a: Buffer, b: Buffer) => a.compare(b);
        const wanted = spans.map(avroBytes).sort(byKey);
        decoder.protobuf(encodeOtlpRequest(spans));
        expect([...spansIn(decoder.arena)].sort(byKey)).toEqual(wanted);
        decoder.json(Buffer.from(encodeOtlpJson(spans)));
        expect([...spansIn(decoder.arena)].sort(byKey)).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });

  it('name the service of a span whose resource does not', () => {
    const spans = expectedSpans(requestOf([{}], [])).map((span) => ({ ...span, service: 'a' }));
    decoder.protobuf(encodeOtlpRequest(spans));
    const decoded = decodeSpan(spansIn(decoder.arena)[0] as Buffer);
    expect(decoded.service).toBe('a');
    expect(decoded.resourceAttributes).toEqual({ 'service.name': 'a' });
  });
});
