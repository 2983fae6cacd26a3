import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { generateLoad, type LoadBatch, type LoadOptions } from '../../src/generate/load';
import { createOracle } from '../../src/generate/oracle';

const OPTIONS: LoadOptions = {
  seed: 7,
  traces: 400,
  tracesPerSecond: 100,
  startUnixMs: 1_700_000_000_000,
};

function digest(options: LoadOptions): string {
  const hash = createHash('sha256');
  for (const batch of generateLoad(options)) {
    hash.update(JSON.stringify(batch, (_, v) => (typeof v === 'bigint' ? `${v}` : v)));
  }
  return hash.digest('hex');
}

const spansOf = (batches: readonly LoadBatch[]) => batches.flatMap((b) => b.spans);

describe('the generated load', () => {
  const batches = [...generateLoad(OPTIONS)];
  const spans = spansOf(batches);

  test('is the same for the same seed and differs for another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), (seed) => {
        const options = { ...OPTIONS, seed, traces: 12 };
        expect(digest(options)).toBe(digest(options));
        expect(digest({ ...options, seed: seed + 1 })).not.toBe(digest(options));
      }),
      { numRuns: 10 },
    );
  });

  test('has one slow instance where one is asked for, and only that one', () => {
    const slowInstance = { service: 'catalog', instance: 1, ms: 1_000 };
    const slowed = spansOf([...generateLoad({ ...OPTIONS, slowInstance })]);
    const served = slowed.filter(({ service, kind }) => service === 'catalog' && kind === 2);
    const isSlow = (instance: string): readonly boolean[] =>
      served
        .filter(({ resourceAttributes }) => resourceAttributes['service.instance.id'] === instance)
        .map(({ durationNano }) => durationNano >= 1_000_000_000n);
    expect(isSlow('catalog-1').length).toBeGreaterThan(50);
    expect(isSlow('catalog-1')).not.toContain(false);
    const others = [...isSlow('catalog-0'), ...isSlow('catalog-2')];
    expect(others.filter((slow) => slow).length / others.length).toBeLessThan(0.05);
  });

  test('looks like a real system', () => {
    const services = new Set(spans.map((s) => s.service));
    expect(services.size).toBeGreaterThanOrEqual(8);
    expect(new Set(spans.map((s) => s.traceId)).size).toBe(OPTIONS.traces);
    expect(new Set(spans.map((s) => s.kind))).toEqual(new Set([1, 2, 3, 4, 5]));
    expect(spans.some((s) => s.statusCode === 2)).toBe(true);
    expect(spans.some((s) => s.events.length > 0)).toBe(true);
    expect(spans.some((s) => s.links.length > 0)).toBe(true);
    const attributes = spans.reduce((n, s) => n + Object.keys(s.attributes).length, 0);
    expect(attributes / spans.length).toBeGreaterThan(10);
    expect(attributes / spans.length).toBeLessThan(16);
    const durations = spans.map((s) => Number(s.durationNano)).sort((a, b) => a - b);
    const middle = durations[durations.length >> 1] as number;
    expect(durations.at(-1) as number).toBeGreaterThan(middle * 50);
  });

  test('has whole trees: one root a trace, every parent is sent, children begin after parents', () => {
    const byTrace = groupByTrace(spans);
    for (const members of byTrace.values()) {
      const byId = new Map(members.map((s) => [s.spanId, s]));
      expect(new Set(members.filter((s) => s.parentSpanId === '').map((s) => s.spanId)).size).toBe(
        1,
      );
      for (const span of members) {
        expect(span.durationNano).toBeGreaterThanOrEqual(0n);
        const parent = span.parentSpanId === '' ? span : byId.get(span.parentSpanId);
        expect(parent).toBeDefined();
        expect(span.startUnixNano).toBeGreaterThanOrEqual(parent?.startUnixNano ?? 0n);
      }
    }
  });

  test('varies in depth and size', () => {
    const sizes = [...groupByTrace(spans).values()].map((m) => m.length);
    expect(Math.min(...sizes)).toBe(1);
    expect(Math.max(...sizes)).toBeGreaterThan(40);
  });

  test('is sent in order, in bounded batches, late and repeated spans after the others', () => {
    let before = 0;
    for (const batch of batches) {
      expect(batch.sendAtMs).toBeGreaterThanOrEqual(before);
      expect(batch.spans.length).toBeGreaterThan(0);
      expect(batch.spans.length).toBeLessThanOrEqual(512);
      expect(new Set(batch.spans.map((s) => s.service))).toEqual(new Set([batch.service]));
      for (const span of batch.spans) {
        const endMs = Number((span.startUnixNano + span.durationNano) / 1_000_000n);
        expect(batch.sendAtMs + OPTIONS.startUnixMs).toBeGreaterThanOrEqual(endMs);
      }
      before = batch.sendAtMs;
    }
    const late = spansOf(batches.filter((b) => b.what === 'late'));
    const again = spansOf(batches.filter((b) => b.what === 'again'));
    expect(late.length).toBeGreaterThan(0);
    expect(again.length).toBeGreaterThan(0);
  });

  test('the oracle counts distinct spans, traces and duplicates, and finds what was changed', () => {
    const oracle = createOracle();
    for (const span of spans) oracle.sent(span);
    const distinct = new Map(spans.map((s) => [`${s.traceId}${s.spanId}${s.kind}`, s]));
    expect(oracle.spans).toBe(distinct.size);
    expect(oracle.duplicates).toBe(spans.length - distinct.size);
    expect(oracle.traces.size).toBe(OPTIONS.traces);
    const [first, second, ...rest] = [...distinct.values()];
    if (first === undefined || second === undefined) throw new Error('no spans');
    expect(oracle.stored(first)).toBe('found');
    expect(oracle.stored(first)).toBe('again');
    expect(oracle.stored({ ...second, attributes: { ...second.attributes, x: '' } })).toBe(
      'changed',
    );
    expect(oracle.stored({ ...first, kind: 0 })).toBe('missing');
    expect(oracle.stored({ ...first, traceId: 'f'.repeat(32) })).toBe('missing');
    for (const span of rest) expect(oracle.stored(span)).toBe('found');
  });
});

function groupByTrace<T extends { traceId: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.traceId);
    if (group === undefined) groups.set(item.traceId, [item]);
    else group.push(item);
  }
  return groups;
}
