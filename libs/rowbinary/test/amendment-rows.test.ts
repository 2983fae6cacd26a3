import { AvroWriter, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { analyzeTrace } from '@spanloom/trace';
import fc from 'fast-check';
import { traces } from '../../trace/test/spans';
import { AMENDMENT_COLUMNS, AmendmentRows } from '../src';
import { readNative } from './native-reader';

const bytesOf = (spans: readonly Span[]): Buffer => {
  const writer = new AvroWriter();
  for (const span of spans) writeSpan(writer, span);
  return writer.take();
};

/** Sums of calls by edge: how many, how many failed, and the durations of both sides. */
type Graph = Map<string, readonly number[]>;

function add(graph: Graph, key: string, sums: readonly number[]): void {
  const before = graph.get(key) ?? sums.map(() => 0);
  const after = before.map((n, i) => n + (sums[i] as number));
  if (after.every((n) => n === 0)) graph.delete(key);
  else graph.set(key, after);
}

/** What the sink tells service_edges of spans that closed together. */
function addCalls(graph: Graph, spans: readonly Span[]): void {
  for (const call of analyzeTrace(spans).calls) {
    const nano = (i: number | null): number => (i === null ? 0 : Number(spans[i]?.durationNano));
    const key = JSON.stringify([call.paneS, call.client, call.server, call.type]);
    add(graph, key, [1, call.failed ? 1 : 0, nano(call.caller), nano(call.callee)]);
  }
}

/** Adds what a row of trace_amendments corrects; gives its columns before the edges. */
function addCorrections(graph: Graph, row: Buffer): object {
  const columns = readNative(row);
  expect(columns.map(({ name }) => name)).toEqual(AMENDMENT_COLUMNS);
  const value = (name: string) => columns.find((column) => column.name === name)?.values[0];
  const list = (name: string) => (value(name) as readonly unknown[]) ?? [];
  list('Edges.PaneStart').forEach((pane, i) => {
    const of = (name: string) => list(`Edges.${name}`)[i];
    const key = JSON.stringify([pane, of('Client'), of('Server'), of('ConnectionType')]);
    add(
      graph,
      key,
      ['Calls', 'Failed', 'ClientNano', 'ServerNano'].map((name) => Number(of(name))),
    );
  });
  return {
    traceId: value('TraceId'),
    partition: value('Partition'),
    lastSeq: Number(value('LastSeq')),
    fragments: value('Fragments'),
    closedAtS: value('ClosedAt'),
    final: value('Final'),
    depth: value('Depth'),
    rootCount: value('RootCount'),
    orphanCount: value('OrphanCount'),
    missingParentCount: value('MissingParentCount'),
    pathNano: list('PathNano').reduce((sum: number, nano) => sum + Number(nano), 0),
  };
}

describe('a trace in any fragments', () => {
  it('is amended to what the whole shows, and its calls add up to those of the whole', () => {
    const distinct = fc.tuple(traces, fc.constantFrom(0n, 1_000_000n)).map(([spans, longer]) =>
      spans
        .filter((s, i) => spans.findIndex((o) => o.spanId === s.spanId && o.kind === s.kind) === i)
        // Of durations that are in the same bucket, too, the sums are to be right.
        .map((s) => ({ ...s, durationNano: s.durationNano + longer })),
    );
    fc.assert(
      fc.property(distinct, fc.infiniteStream(fc.nat({ max: 3 })), (spans, places) => {
        const fragments: Span[][] = [[], [], [], []];
        for (const span of spans) fragments[places.next().value as number]?.push(span);
        const graph: Graph = new Map();
        for (const fragment of fragments) addCalls(graph, fragment);
        const rows = new AmendmentRows();
        const fields = { traceId: '1'.repeat(32), partition: 2, lastSeq: 9, fragments: 4 };
        rows.append(
          { ...fields, closedAtS: 77, final: true },
          bytesOf(spans),
          fragments.map(bytesOf),
        );
        const shown = addCorrections(graph, rows.view());
        const expected: Graph = new Map();
        addCalls(expected, spans);
        expect(graph).toEqual(expected);
        const whole = analyzeTrace(spans);
        expect(shown).toEqual({
          ...fields,
          closedAtS: 77,
          final: 1,
          depth: whole.depth,
          rootCount: whole.rootCount,
          orphanCount: whole.orphanCount,
          missingParentCount: whole.missingParentCount,
          pathNano: whole.root === null ? 0 : Number(spans[whole.root]?.durationNano),
        });
      }),
      { numRuns: 300 },
    );
  });
});
