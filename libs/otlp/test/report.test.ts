import fc from 'fast-check';
import { createOtlpDecoder, DEFAULT_OTLP_LIMITS } from '../src';
import { GROUPS_MAX } from '../src/group';
import { spansIn } from './decoded';
import { avroBytes, expectedSpans, toJson, toProtobuf } from './reference';
import { anyRequest, type KeyValue, type RawResource } from './request';
import { attribute, requestOf } from './sample';

const decoder = createOtlpDecoder(DEFAULT_OTLP_LIMITS);
const WAYS = [
  ['protobuf', (request: readonly RawResource[]) => decoder.protobuf(toProtobuf(request))],
  ['JSON', (request: readonly RawResource[]) => decoder.json(toJson(request))],
] as const;

const int = (key: string, value: bigint): KeyValue => ({ key, value: { is: 'int', value } });
const REPORT = [
  int('spanloom.sent_at_unix_ms', 1_700_000_000_123n),
  attribute('spanloom.process.start_id', 'life-1'),
  int('spanloom.spans.ended', 12n),
  attribute('spanloom.spans.dropped', '3'),
];
const TEXTS = {
  'spanloom.sent_at_unix_ms': '1700000000123',
  'spanloom.process.start_id': 'life-1',
  'spanloom.spans.ended': '12',
  'spanloom.spans.dropped': '3',
};

describe.each(WAYS)('a report in %s', (_name, decode) => {
  it('is taken out: the spans are as if it had not been there', () => {
    fc.assert(
      fc.property(anyRequest, fc.infiniteStream(fc.nat()), (request, picks) => {
        const reporting = request.map((resource) => {
          const attributes = [...resource.attributes];
          for (const each of REPORT) {
            attributes.splice((picks.next().value ?? 0) % (attributes.length + 1), 0, each);
          }
          return { ...resource, attributes };
        });
        expect(decode(reporting)).toEqual({ kind: 'decoded' });
        expect(spansIn(decoder.arena)).toEqual(expectedSpans(request).map(avroBytes));
        const { all } = decoder.arena.groups;
        expect(all.map(({ report }) => report)).toEqual(request.map(() => TEXTS));
        const spans = all.reduce((sum, group) => sum + group.spans, 0);
        expect(spans).toBe(decoder.arena.spanCount);
      }),
      { numRuns: 100 },
    );
  });

  it('may come without a span', () => {
    decode(requestOf([], [attribute('service.name', 'shop'), ...REPORT]));
    expect(decoder.arena.groups.all).toEqual([{ service: 'shop', report: TEXTS, spans: 0 }]);
  });

  it('need not be there: spans are counted by service', () => {
    const one = requestOf([{}, { spanId: '1112131415161718' }]);
    decode([...one, ...one, ...requestOf([{}], [])]);
    expect(decoder.arena.groups.all).toEqual([
      { service: 'shop', report: null, spans: 4 },
      { service: 'unknown_service', report: null, spans: 1 },
    ]);
  });

  it('of a name that is none of a report stays', () => {
    const request = requestOf(
      [{}],
      [attribute('service.name', 'a'), attribute('spanloom.spans', 'x')],
    );
    decode(request);
    expect(spansIn(decoder.arena)).toEqual(expectedSpans(request).map(avroBytes));
    expect(decoder.arena.groups.all[0]?.report).toBeNull();
  });

  it('of more resources than are told apart is counted, and the spans are kept', () => {
    const many = Array.from({ length: GROUPS_MAX + 2 }, (_, i) =>
      requestOf([{}], [attribute('service.name', `s${i}`), ...REPORT]),
    ).flat();
    decode(many);
    expect(decoder.arena.spanCount).toBe(GROUPS_MAX + 2);
    expect(decoder.arena.groups.all).toHaveLength(GROUPS_MAX);
    expect(decoder.arena.groups.dropped).toBe(2);
  });
});
