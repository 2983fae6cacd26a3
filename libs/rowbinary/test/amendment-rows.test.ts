import { AvroWriter, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { analyzeTrace } from '@spanloom/trace';
import fc from 'fast-check';
import { traces } from '../../trace/test/spans';
import { AmendmentRows } from '../src';
import { RowReader } from './row-reader';

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
  const reader = new RowReader(row);
  const texts = () => reader.array(() => reader.text());
  const numbers = () => reader.array(() => Number(reader.int64()));
  const head = {
    traceId: reader.text(),
    partition: reader.uint16(),
    lastSeq: Number(reader.int64()),
    fragments: reader.uint32(),
    closedAtS: reader.uint32(),
    final: reader.uint8(),
    depth: reader.uint32(),
    rootCount: reader.uint32(),
    orphanCount: reader.uint32(),
    missingParentCount: reader.uint32(),
  };
  reader.uint32(); // spans below the root
  for (let i = 0; i < 3; i++) reader.text(); // where errors began
  const path = [texts(), texts(), numbers()];
  for (const column of [texts, texts, texts, numbers]) column(); // clocks
  const panes = reader.array(() => reader.uint32());
  const [clients, servers, types] = [texts(), texts(), texts()];
  const sums = [numbers(), numbers(), doubles(reader), doubles(reader)];
  panes.forEach((pane, i) => {
    const key = JSON.stringify([pane, clients[i], servers[i], types[i]]);
    add(
      graph,
      key,
      sums.map((column) => column[i] as number),
    );
  });
  const pathNano = (path[2] as readonly number[]).reduce((sum, nano) => sum + nano, 0);
  return { ...head, pathNano };
}

const doubles = (reader: RowReader): number[] => reader.array(() => reader.float64());

describe('a trace in any fragments', () => {
  it('is amended to what the whole shows, and its calls add up to those of the whole', () => {
    const distinct = traces.map((spans) =>
      spans.filter(
        (s, i) => spans.findIndex((o) => o.spanId === s.spanId && o.kind === s.kind) === i,
      ),
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
