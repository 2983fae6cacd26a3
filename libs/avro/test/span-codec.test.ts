import fc from 'fast-check';
import {
  type AvroSchema,
  AvroWriter,
  canonicalizer,
  type DecodedBatch,
  decodeSpan,
  reference,
  SCAN_BAD,
  SCAN_CORRUPT,
  SCAN_END,
  SCAN_SPAN,
  SCHEMAS,
  SpanBatchBuilder,
  SpanScanner,
  spanOf,
  wireHeader,
  writeSpan,
} from '../src';
import { anySpan, avscSpan } from './arbitrary-span';

function bytesOf(span: Parameters<typeof writeSpan>[1]): Buffer {
  const writer = new AvroWriter(16);
  writeSpan(writer, span);
  return writer.take();
}

describe('the fast path is held to avsc', () => {
  test('a span that we write is what avsc reads, and avsc writes the same bytes', () => {
    fc.assert(
      fc.property(fc.array(anySpan, { maxLength: 4 }), (spans) => {
        const builder = new SpanBatchBuilder();
        for (const span of spans) builder.add(bytesOf(span));
        const message = builder.finish(7, 1234);
        const batch = reference.spanBatch.fromBuffer(message.subarray(5)) as DecodedBatch;
        expect(batch.spans.map(spanOf)).toEqual(spans);
        const type = reference.spanBatch as unknown as {
          field(name: string): { type: { itemsType: { toBuffer(value: object): Buffer } } };
        };
        const spanType = type.field('spans').type.itemsType;
        for (const span of spans) {
          expect(bytesOf(span).equals(spanType.toBuffer(avscSpan(span)))).toBe(true);
        }
      }),
    );
  });

  test('decodeSpan reads what writeSpan wrote', () => {
    fc.assert(fc.property(anySpan, (span) => expect(decodeSpan(bytesOf(span))).toEqual(span)));
  });

  test('the scanner finds every span and its header, in sized and in plain blocks', () => {
    const scanner = new SpanScanner();
    fc.assert(
      fc.property(fc.array(anySpan, { maxLength: 4 }), fc.boolean(), (spans, plain) => {
        const builder = new SpanBatchBuilder();
        for (const span of spans) builder.add(bytesOf(span));
        const message = plain
          ? Buffer.concat([
              wireHeader(7),
              reference.spanBatch.toBuffer({ sent_at_unix_ms: 9n, spans: spans.map(avscSpan) }),
            ])
          : builder.finish(7, 9);
        scanner.reset(message, 5, message.length);
        expect(scanner.sentAtUnixMs).toBe(9);
        for (const span of spans) {
          expect(scanner.next()).toBe(SCAN_SPAN);
          expect(decodeSpan(message, scanner.spanStart, scanner.spanEnd)).toEqual(span);
          expect(scanner.kind).toBe(span.kind);
          expect(scanner.statusCode).toBe(span.statusCode);
          expect(scanner.hasParent).toBe(span.parentSpanId !== '');
          expect(message.toString('utf8', scanner.serviceStart, scanner.serviceEnd)).toBe(
            span.service,
          );
          expect(message.toString('utf8', scanner.nameStart, scanner.nameEnd)).toBe(span.name);
          expect(BigInt(scanner.startHi) * 4294967296n + BigInt(scanner.startLo)).toBe(
            span.startUnixNano,
          );
          expect(scanner.startUnixMs).toBe(Number(span.startUnixNano / 1000000n));
          if (span.durationNano < 2n ** 52n) {
            expect(scanner.endUnixS).toBe(
              Number((span.startUnixNano + span.durationNano) / 1000000000n),
            );
          }
        }
        expect(scanner.next()).toBe(SCAN_END);
      }),
    );
  });
});

describe('what is wrong is said, span by span', () => {
  const [good] = fc.sample(anySpan, { numRuns: 1, seed: 1 });
  if (good === undefined) throw new Error('no sample');

  test.each([
    ['trace-id', { traceId: '0'.repeat(32) }],
    ['span-id', { spanId: '0'.repeat(16) }],
    ['service-empty', { service: '' }],
    ['duration', { durationNano: -1n }],
    ['start', { startUnixNano: -1n }],
    ['kind', { kind: 6 }],
    ['status', { statusCode: 3 }],
    ['too-large', { name: 'x'.repeat(600_000) }],
  ])('%s', (reason, change) => {
    const builder = new SpanBatchBuilder();
    builder.add(bytesOf(good));
    builder.add(bytesOf({ ...good, ...(change as object) }));
    builder.add(bytesOf(good));
    const message = builder.finish(1, 0);
    const scanner = new SpanScanner();
    scanner.reset(message, 5, message.length);
    expect([scanner.next(), scanner.next()]).toEqual([SCAN_SPAN, SCAN_BAD]);
    expect(scanner.reason).toBe(reason);
    expect([scanner.next(), scanner.next()]).toEqual([SCAN_SPAN, SCAN_END]);
  });

  test('a broken span in its own block costs only itself', () => {
    const builder = new SpanBatchBuilder();
    builder.add(bytesOf(good));
    builder.add(bytesOf(good).subarray(0, 50));
    builder.add(bytesOf(good));
    const message = builder.finish(1, 0);
    const scanner = new SpanScanner();
    scanner.reset(message, 5, message.length);
    expect([scanner.next(), scanner.next(), scanner.next(), scanner.next()]).toEqual([
      SCAN_SPAN,
      SCAN_BAD,
      SCAN_SPAN,
      SCAN_END,
    ]);
  });

  test('truncated or altered bytes never throw, never loop, never reach outside', () => {
    const scanner = new SpanScanner();
    fc.assert(
      fc.property(
        fc.array(anySpan, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        (spans, at, byte, cut) => {
          const builder = new SpanBatchBuilder();
          for (const span of spans) builder.add(bytesOf(span));
          const message = builder.finish(1, 0);
          const end = cut ? at % message.length : message.length;
          message[at % message.length] = byte;
          scanner.reset(message, Math.min(5, end), end);
          let turns = 0;
          for (let found = scanner.next(); found !== SCAN_END; found = scanner.next()) {
            expect(++turns).toBeLessThan(100);
            expect(scanner.spanStart).toBeGreaterThanOrEqual(0);
            expect(scanner.spanEnd).toBeLessThanOrEqual(end);
            if (found === SCAN_CORRUPT) expect(scanner.next()).toBe(SCAN_END);
            if (found === SCAN_CORRUPT) break;
            if (found === SCAN_SPAN) decodeSpan(message, scanner.spanStart, scanner.spanEnd);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('writer schemas of other layouts', () => {
  test('an older schema without links resolves; the canonical one needs nothing', () => {
    expect(canonicalizer(SCHEMAS.spanBatch, 3)).toBeNull();
    const inFull = reference.spanBatch.schema({ exportAttrs: true }) as AvroSchema;
    expect(canonicalizer(inFull, 3)).toBeNull();
    const older = JSON.parse(JSON.stringify(SCHEMAS.spanBatch));
    const fields = older.fields[1].type.items.fields as { name: string }[];
    older.fields[1].type.items.fields = fields.filter((f) => f.name !== 'links');
    const convert = canonicalizer(older, 3);
    expect(convert).not.toBeNull();
    fc.assert(
      fc.property(anySpan, (span) => {
        const avroWithoutLinks = require('../src').avroType(older);
        const { links: _, ...rest } = avscSpan(span) as { links: unknown };
        const body = avroWithoutLinks.toBuffer({ sent_at_unix_ms: 5n, spans: [rest] });
        const value = convert?.(Buffer.concat([wireHeader(2), body])) as Buffer;
        const batch = reference.spanBatch.fromBuffer(value.subarray(5)) as DecodedBatch;
        expect(batch.spans.map(spanOf)).toEqual([{ ...span, links: [] }]);
      }),
      { numRuns: 30 },
    );
  });
});
