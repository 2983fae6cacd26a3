import { AvroWriter, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { bucketIndex } from '@spanloom/sketch';
import { analyzeTrace } from '@spanloom/trace';
import fc from 'fast-check';
import { CLIENT, CONSUMER, ERROR, SERVER, span, traces } from '../../trace/test/spans';
import { ByteWriter, CallSketches, FragmentAnalysis, inRow, ServiceCounts, SpanRows } from '../src';
import { RowReader } from './row-reader';

/** Reused from trace to trace, as the sink does. */
const analysis = new FragmentAnalysis();
const services = new ServiceCounts();

function written(spans: readonly Span[], edges = new CallSketches()): object {
  const avro = new AvroWriter();
  for (const one of spans) writeSpan(avro, one);
  const bytes = avro.take();
  const rows = new SpanRows();
  let errors = 0;
  analysis.begin();
  services.reset();
  rows.begin(bytes, 0, bytes.length);
  while (rows.next()) {
    const service = services.add(bytes, rows.serviceStart, rows.serviceEnd, false);
    analysis.add(bytes, rows, service);
    if (rows.statusCode === ERROR) errors++;
  }
  const out = new ByteWriter();
  analysis.write(inRow(out), errors, edges);
  const reader = new RowReader(Buffer.concat(out.views()));
  const texts = () => reader.array(() => reader.text());
  const numbers = () => reader.array(() => Number(reader.int64()));
  const row = {
    depth: reader.uint32(),
    rootCount: reader.uint32(),
    orphanCount: reader.uint32(),
    missingParentCount: reader.uint32(),
    connectedCount: reader.uint32(),
    origin: [reader.text(), reader.text(), reader.text()],
    path: zip(texts(), texts(), numbers()),
    skew: zip(texts(), texts(), texts(), numbers()),
  };
  expect(reader.done).toBe(true);
  return { ...row, path: [...row.path].sort() };
}

const zip = (...columns: readonly (readonly unknown[])[]): readonly string[] =>
  (columns[0] ?? []).map((_, i) => JSON.stringify(columns.map((column) => column[i])));

describe('analysis of fragments in bytes', () => {
  it('is that of the same spans as objects', () => {
    fc.assert(
      fc.property(traces, (spans) => {
        const whole = analyzeTrace(spans);
        const origin = whole.errorOrigin === null ? undefined : spans[whole.errorOrigin];
        const connected = whole.completeness * (spans.length + whole.missingParentCount);
        expect(written(spans)).toEqual({
          depth: whole.depth,
          rootCount: whole.rootCount,
          orphanCount: whole.orphanCount,
          missingParentCount: whole.missingParentCount,
          connectedCount: Math.round(connected),
          origin: [origin?.spanId ?? '', origin?.service ?? '', origin?.name ?? ''],
          path: whole.exclusive
            .map((o) => JSON.stringify([o.service, o.operation, o.exclusiveNano]))
            .sort(),
          skew: whole.skewedEdges.map((edge) => {
            const [caller, callee] = [spans[edge.caller] as Span, spans[edge.callee] as Span];
            return JSON.stringify([callee.spanId, caller.service, callee.service, edge.skewNano]);
          }),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('gathers the calls that there are', () => {
    fc.assert(
      fc.property(traces, (spans) => {
        const edges = new CallSketches();
        written(spans, edges);
        const expected = new Map<string, { calls: number; failed: number; nano: number }>();
        for (const { caller, callee, failed, ...edge } of analyzeTrace(spans).calls) {
          const key = JSON.stringify([edge.paneS, edge.client, edge.server, edge.type]);
          const sum = expected.get(key) ?? { calls: 0, failed: 0, nano: 0 };
          sum.calls++;
          if (failed) sum.failed++;
          for (const i of [caller, callee])
            if (i !== null) sum.nano += Number(spans[i]?.durationNano);
          expected.set(key, sum);
        }
        const found = [...edges.values()].map((edge) => [
          JSON.stringify([edge.paneS, edge.client, edge.server, edge.type]),
          { calls: edge.calls, failed: edge.failed, nano: edge.clientNano + edge.serverNano },
        ]);
        expect(new Map(found as [string, object][])).toEqual(expected);
        expect(edges.size).toBe(expected.size);
      }),
      { numRuns: 300 },
    );
  });

  it('names peers by the attributes of spans without a partner', () => {
    const edges = new CallSketches();
    const others = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`db.other.${i}`, 'x']));
    written(
      [
        span({ id: 1, kind: SERVER, service: 'web', duration: 100 }),
        span({
          id: 2,
          parent: 1,
          kind: CLIENT,
          service: 'web',
          duration: 70,
          attributes: { ...others, 'db.system': 'mysql' },
        }),
        span({
          id: 3,
          parent: 1,
          kind: CLIENT,
          service: 'web',
          status: ERROR,
          attributes: { 'peer.service': 'bänk' },
        }),
        span({
          id: 4,
          kind: CONSUMER,
          service: 'web',
          attributes: { 'messaging.system': 'kafka' },
        }),
        span({ id: 5, parent: 1, kind: CLIENT, service: 'web', attributes: others }),
      ],
      edges,
    );
    const found = [...edges.values()].map((e) => [e.client, e.server, e.type, e.calls, e.failed]);
    expect(found).toEqual([
      ['kafka', 'web', 'messaging_system', 1, 0],
      ['web', 'mysql', 'database', 1, 0],
      ['web', 'bänk', 'virtual_node', 1, 1],
      ['web', '', 'unpaired', 1, 0],
    ]);
    const mysql = [...edges.values()].find(({ server }) => server === 'mysql');
    expect([...(mysql?.clientBuckets ?? [])]).toEqual([[bucketIndex(70), 1]]);
    expect(mysql?.serverBuckets.size).toBe(0);
  });

  it('adds up until it is cleared', () => {
    const edges = new CallSketches();
    written([span({ id: 1, kind: CLIENT, service: 'a' })], edges);
    written([span({ id: 1, kind: CLIENT, service: 'a' })], edges);
    expect([...edges.values()]).toMatchObject([{ calls: 2, clientNano: 20 }]);
    edges.clear();
    expect([...edges.values()]).toEqual([]);
  });
});
