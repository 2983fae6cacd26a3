import fc from 'fast-check';
import {
  AvroWriter,
  SCAN_BAD,
  SCAN_CORRUPT,
  SCAN_END,
  SCAN_SPAN,
  SPAN_ITEMS_MAX,
  SpanBatchBuilder,
  SpanScanner,
  wireHeader,
  writeSpan,
} from '../src';
import { ScanMemory } from '../src/scan-memory';
import { anySpan } from './arbitrary-span';

type Span = Parameters<typeof writeSpan>[1];

function bytesOf(span: Span): Buffer {
  const writer = new AvroWriter(16);
  writeSpan(writer, span);
  return writer.take();
}

function messageOf(spans: readonly Span[], sentAtUnixMs = 0): Buffer {
  const builder = new SpanBatchBuilder();
  for (const span of spans) builder.add(bytesOf(span));
  return builder.finish(7, sentAtUnixMs);
}

/** Body of a batch that was sent at 0. */
function bodyOf(write: (writer: AvroWriter) => void): Buffer {
  const writer = new AvroWriter(64);
  writer.writeRaw(wireHeader(7));
  writer.writeLong(0);
  write(writer);
  return writer.take();
}

const [good] = fc.sample(anySpan, { numRuns: 1, seed: 1 }) as [Span];

/** The hashes of a span by itself. */
function hashesOf(change: Partial<Span> = {}): { identity: number[]; series: number } {
  const scanner = new SpanScanner({ hashes: true });
  const bytes = bytesOf({ ...good, ...change });
  scanner.resetRaw(bytes, 0, bytes.length);
  expect(scanner.next()).toBe(SCAN_SPAN);
  const { identityHash, identityRest, seriesHash } = scanner;
  return { identity: [identityHash, identityRest], series: seriesHash };
}

/** As wasm/span-hashes.ts mixes: MurmurHash3's rounds over the six words of the ids. */
function identityOf(span: Span): number[] {
  const ids = Buffer.from(span.traceId + span.spanId, 'hex');
  const seeds = [0x9e3779b9 ^ span.kind, (0x85ebca6b + span.kind) | 0];
  const [first, second] = [0xcc9e2d51, 0x1b873593].map((factor, i) => {
    let h = seeds[i] as number;
    for (let at = 0; at < 24; at += 4) {
      const word = ids.readInt32LE(at);
      const turned = h ^ Math.imul(word ^ (word >>> 15), factor);
      h = (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  }) as [number, number];
  return [first >>> 0, second | 1];
}

describe('hashes', () => {
  test('of the identity never change: figures are rounded by them', () => {
    const ids = { traceId: '0123456789abcdef'.repeat(2), spanId: 'f'.repeat(16) };
    expect(hashesOf({ ...ids, kind: 2 }).identity).toEqual([3347578017, 871787951]);
    fc.assert(
      fc.property(anySpan, (span) => expect(hashesOf(span).identity).toEqual(identityOf(span))),
    );
  });

  test('of the series differ by service, name, kind and status, and by nothing else', () => {
    const parts: Partial<Span> = { service: 'cart', name: 'GET /items', kind: 2, statusCode: 0 };
    const seriesOf = (change: Partial<Span>) => hashesOf({ ...parts, ...change }).series;
    const series = seriesOf({});
    expect(seriesOf({ spanId: 'f'.repeat(16), traceState: 'a=b' })).toBe(series);
    const others = [
      seriesOf({ service: 'carts' }),
      seriesOf({ service: 'cartG', name: 'ET /items' }),
      seriesOf({ service: 'car', name: 'tGET /items' }),
      seriesOf({ name: 'GET /items\0' }),
      seriesOf({ name: '' }),
      seriesOf({ kind: 3 }),
      seriesOf({ statusCode: 2 }),
    ];
    expect(new Set([series, ...others]).size).toBe(others.length + 1);
  });

  test('are 0 unless wanted', () => {
    hashesOf();
    const scanner = new SpanScanner();
    const bytes = bytesOf(good);
    scanner.resetRaw(bytes, 0, bytes.length);
    scanner.next();
    expect([scanner.identityHash, scanner.identityRest, scanner.seriesHash]).toEqual([0, 0, 0]);
  });
});

test('scanners used in turns do not disturb each other', () => {
  const names = ['a', 'bb', 'ccc'];
  const scanners = names.map((name, i) => {
    const scanner = new SpanScanner();
    const message = messageOf([{ ...good, name }, good, { ...good, name }], i);
    scanner.reset(message, 5, message.length);
    return scanner;
  });
  for (let turn = 0; turn < 3; turn++) {
    scanners.forEach((scanner, i) => {
      expect(scanner.next()).toBe(SCAN_SPAN);
      const { buffer, nameStart, nameEnd, sentAtUnixMs } = scanner;
      const name = buffer.toString('utf8', nameStart, nameEnd);
      expect([name, sentAtUnixMs]).toEqual([turn === 1 ? good.name : names[i], i]);
    });
  }
  expect(scanners.map((scanner) => scanner.next())).toEqual([SCAN_END, SCAN_END, SCAN_END]);
});

describe('what a message claims costs no more than its bytes', () => {
  const scanner = new SpanScanner();

  function resultsOf(message: Buffer): number[] {
    scanner.reset(message, 5, message.length);
    const results: number[] = [];
    do results.push(scanner.next());
    while (results.at(-1) !== SCAN_END);
    return results;
  }

  test('spans without end in a block without a size', () => {
    const message = bodyOf((writer) => {
      writer.writeLong(2 ** 50);
      writer.writeRaw(bytesOf(good));
    });
    expect(resultsOf(message)).toEqual([SCAN_CORRUPT, SCAN_END]);
  });

  test('spans without end in a block with a size: what follows it is found', () => {
    const span = bytesOf(good);
    const message = bodyOf((writer) => {
      writer.writeLong(-(2 ** 50));
      writer.writeBytes(span);
      writer.writeLong(1);
      writer.writeRaw(span);
      writer.writeByte(0);
    });
    expect(resultsOf(message)).toEqual([SCAN_SPAN, SCAN_BAD, SCAN_SPAN, SCAN_END]);
  });

  test('empty blocks that should hold spans', () => {
    const message = bodyOf((writer) => {
      for (let i = 0; i < 100_000; i++) writer.writeRaw(Buffer.from([1, 0]));
      writer.writeByte(0);
    });
    const results = resultsOf(message);
    expect(results).toHaveLength(100_001);
    expect(results.slice(0, -1).every((result) => result === SCAN_BAD)).toBe(true);
  });

  test.each([
    [SPAN_ITEMS_MAX, SCAN_SPAN],
    [SPAN_ITEMS_MAX + 1, SCAN_BAD],
  ])('%d events', (count, result) => {
    const events = Array.from({ length: count }, () => ({
      timeUnixNano: 1n,
      name: '',
      attributes: {},
    }));
    expect(resultsOf(messageOf([{ ...good, events }]))).toEqual([result, SCAN_END]);
  });
});

test('memory that a huge message took is given back', () => {
  const memory = new ScanMemory();
  const options = { raw: true, hashes: false };
  const small = bytesOf(good);
  memory.scan(small, 0, small.length, options);
  const first = memory.facts.length;
  memory.scan(Buffer.alloc(20_000_000), 0, 20_000_000, options);
  expect(memory.facts.length).toBeGreaterThan(first * 10);
  memory.scan(small, 0, small.length, options);
  expect(memory.facts.length).toBe(first);
  expect(memory.factsEnd).toBeGreaterThan(memory.factsAt);
});
