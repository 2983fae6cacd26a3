import { AvroWriter, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { bucketIndex } from '@spanloom/sketch';
import { analyzeTrace } from '@spanloom/trace';
import fc from 'fast-check';
import { CLIENT, CONSUMER, ERROR, SERVER, span, traces } from '../../trace/test/spans';
import {
  CallEdges,
  ChunkPool,
  EDGE_COLUMNS,
  EdgeRows,
  FRAGMENT_COLUMNS,
  FragmentRows,
  SpanRows,
  StageOwner,
  sharedStage,
} from '../src';
import { arbitrarySpan } from './arbitrary-span';
import { readNative } from './native-reader';

const PLACE = { partition: 3, seq: 2 ** 33 + 1, storedAtS: 1_700_000_000 };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const FIELDS = {
  buffer: Buffer.from(`ff${TRACE_ID}`, 'hex'),
  traceIdAt: 1,
  reason: 2,
  late: true,
  openedAtS: 1_699_999_990,
  closedAtS: 1_700_000_000,
  duplicateCount: 5,
};

/** The rows of one block, as the sink has them. */
function newBlock() {
  const edges = new CallEdges();
  const owner = new StageOwner((records) => edges.add(records));
  const chunks = new ChunkPool();
  const stage = sharedStage();
  return {
    edges,
    spanRows: new SpanRows(chunks, stage, owner),
    fragmentRows: new FragmentRows(chunks, stage, owner),
    edgeRows: new EdgeRows(PLACE.partition, edges, stage, owner, chunks),
  };
}
type TestBlock = ReturnType<typeof newBlock>;

function add({ spanRows, fragmentRows }: TestBlock, spans: readonly Span[]): void {
  const avro = new AvroWriter();
  for (const one of spans) writeSpan(avro, one);
  expect(spanRows.append(avro.take(), PLACE)).toBe(spans.length);
  fragmentRows.finish(FIELDS, 0);
}

type Row = Readonly<Record<string, unknown>>;

/** Rows as objects. */
function rowsOf(view: Buffer, columns: readonly string[]): readonly Row[] {
  if (view.length === 0) return [];
  const read = readNative(view);
  expect(read.map(({ name }) => name)).toEqual(columns);
  const [first] = read;
  return (first?.values ?? []).map((_, i) =>
    Object.fromEntries(read.map(({ name, values }) => [name, values[i]])),
  );
}

const fragmentsOf = ({ fragmentRows }: TestBlock): readonly Row[] =>
  rowsOf(fragmentRows.view(), FRAGMENT_COLUMNS);

function edgesOf({ edgeRows }: TestBlock): readonly Row[] {
  edgeRows.flush(PLACE.seq, PLACE.storedAtS);
  return rowsOf(edgeRows.view(), EDGE_COLUMNS);
}

function written(spans: readonly Span[]): Row {
  const block = newBlock();
  add(block, spans);
  const [row, ...more] = fragmentsOf(block);
  expect(more).toEqual([]);
  return row as Row;
}

const zip = (...columns: readonly unknown[]): readonly string[] =>
  ((columns[0] ?? []) as readonly unknown[]).map((_, i) =>
    json(columns.map((column) => (column as readonly unknown[])[i])),
  );

/** As text, 64-bit numbers as what they are. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? Number(part) : part));

const INT64_MAX = 2n ** 63n - 1n;

/** The least number of all; 0 without one. */
function least([first = 0n, ...others]: readonly bigint[]): bigint {
  let found = first;
  for (const other of others) if (other < found) found = other;
  return found;
}

/** The columns that no analysis is needed for, plainly. */
function expectedHead(spans: readonly Span[]): Row {
  const root = spans.reduce<Span | null>((best, one) => {
    if (best === null) return one;
    const isRoot = one.parentSpanId === '';
    const wasRoot = best.parentSpanId === '';
    if (isRoot !== wasRoot) return isRoot ? one : best;
    return one.startUnixNano < best.startUnixNano ? one : best;
  }, null);
  const ends = spans.map((one) => one.startUnixNano + one.durationNano);
  const latest = -least(ends.map((end) => -end));
  const { services } = analyzeTrace(spans);
  return {
    TraceId: TRACE_ID,
    Partition: PLACE.partition,
    Seq: BigInt(PLACE.seq),
    Reason: 2,
    Late: 1,
    OpenedAt: FIELDS.openedAtS,
    ClosedAt: FIELDS.closedAtS,
    SpanCount: spans.length,
    DuplicateCount: 5,
    DeadLetteredCount: 0,
    Start: least(spans.map((one) => one.startUnixNano)),
    End: least([latest, INT64_MAX]),
    ErrorCount: spans.filter((one) => one.statusCode === ERROR).length,
    HasRoot: root?.parentSpanId === '' ? 1 : 0,
    RootSpanId: root?.spanId ?? '',
    RootService: root?.service ?? '',
    RootName: root?.name ?? '',
    RootStart: root?.startUnixNano ?? 0n,
    RootDuration: root?.durationNano ?? 0n,
    Services: services.map(({ service }) => service),
    ServiceSpans: services.map((share) => share.spans),
    ServiceErrors: services.map(({ errors }) => errors),
  };
}

/** What the analysis of the spans as objects gives; paths in any order. */
function expectedAnalysis(spans: readonly Span[]): Row {
  const whole = analyzeTrace(spans);
  const origin = whole.errorOrigin === null ? undefined : spans[whole.errorOrigin];
  const connected = whole.completeness * (spans.length + whole.missingParentCount);
  return {
    depth: whole.depth,
    rootCount: whole.rootCount,
    orphanCount: whole.orphanCount,
    missingParentCount: whole.missingParentCount,
    connectedCount: Math.round(connected),
    origin: [origin?.spanId ?? '', origin?.service ?? '', origin?.name ?? ''],
    path: whole.exclusive.map((o) => json([o.service, o.operation, o.exclusiveNano])).sort(),
    skew: whole.skewedEdges.map((edge) => {
      const [caller, callee] = [spans[edge.caller] as Span, spans[edge.callee] as Span];
      return json([callee.spanId, caller.service, callee.service, edge.skewNano]);
    }),
  };
}

const analysisOf = (row: Row): Row => ({
  depth: row.Depth,
  rootCount: row.RootCount,
  orphanCount: row.OrphanCount,
  missingParentCount: row.MissingParentCount,
  connectedCount: row.ConnectedCount,
  origin: [row.ErrorOriginSpanId, row.ErrorOriginService, row.ErrorOriginName],
  path: [...zip(row.PathServices, row.PathNames, row.PathNano)].sort(),
  skew: zip(row.SkewSpanIds, row.SkewCallers, row.SkewCallees, row.SkewNano),
});

/** One parent with many children, in and out of its time: more than are sorted by insertion. */
const wide: fc.Arbitrary<readonly Span[]> = fc
  .array(fc.record({ start: fc.nat(400), duration: fc.nat(60) }), { minLength: 20, maxLength: 120 })
  .map((shapes) => [
    span({ id: 1, duration: 300 }),
    ...shapes.map((shape, i) => span({ ...shape, id: i + 2, parent: 1 })),
  ]);

describe('rows of fragments', () => {
  it('say what the spans come to', () => {
    fc.assert(
      fc.property(fc.oneof(traces, wide), (spans) => {
        const row = written(spans);
        expect(row).toMatchObject(expectedHead(spans));
        expect(analysisOf(row)).toEqual(expectedAnalysis(spans));
      }),
      { numRuns: 500 },
    );
  });

  it('say it of spans of any content and time', () => {
    fc.assert(
      fc.property(fc.array(arbitrarySpan, { maxLength: 6 }), (spans) => {
        expect(written(spans)).toMatchObject(expectedHead(spans));
      }),
      { numRuns: 300 },
    );
  });

  it('follow each other in columns, whoever takes turns', () => {
    const turns = fc.array(fc.record({ who: fc.nat(2), spans: traces }), { maxLength: 12 });
    fc.assert(
      fc.property(turns, (all) => {
        const blocks = [newBlock(), newBlock(), newBlock()];
        for (const { who, spans } of all) add(blocks[who] as TestBlock, spans);
        blocks.forEach((block, who) => {
          const alone = all.filter((turn) => turn.who === who).map(({ spans }) => written(spans));
          expect(fragmentsOf(block)).toEqual(alone);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('count services beyond 256 together', () => {
    const spans = Array.from({ length: 300 }, (_, i) =>
      span({ id: i + 1, parent: i === 0 ? 0 : 1, kind: SERVER, service: `s${i}` }),
    );
    const block = newBlock();
    add(block, spans);
    const [row = {}] = fragmentsOf(block);
    const services = row.Services as readonly string[];
    expect([services.length, services.at(-1)]).toEqual([257, '(other)']);
    expect((row.ServiceSpans as readonly number[]).at(-1)).toBe(44);
    const calls = edgesOf(block).filter(({ Server }) => Server === '(other)');
    expect(calls).toMatchObject([{ Client: 's0', Calls: 44n }]);
  });

  it('keep the first 256 operations of the critical path', () => {
    const spans = Array.from({ length: 300 }, (_, i) =>
      span({ id: i + 1, parent: i, start: i, duration: 1000 - 2 * i }),
    );
    const row = written(spans);
    const { exclusive } = analyzeTrace(spans);
    expect(exclusive).toHaveLength(300);
    expect(row.PathNames).toEqual(Array.from({ length: 256 }, (_, i) => `op ${i + 1}`));
    expect((row.PathNano as readonly bigint[]).map(Number)).toEqual(new Array(256).fill(2));
  });

  it('keep long names, however often they come', () => {
    const caller = 'x'.repeat(100_000);
    const spans = [
      span({ id: 1, kind: CLIENT, service: caller, start: 1000, duration: 500 }),
      ...Array.from({ length: 300 }, (_, i) =>
        span({ id: i + 2, parent: 1, kind: SERVER, service: 'b', duration: 400 }),
      ),
    ];
    const block = newBlock();
    for (let i = 0; i < 3; i++) add(block, spans);
    for (const row of fragmentsOf(block)) {
      expect(row.SkewCallers).toEqual(new Array(256).fill(caller));
      expect(row.RootService).toBe(caller);
    }
    expect(edgesOf(block)).toMatchObject([{ Client: caller, Server: 'b', Calls: 900n }]);
  });
});

/** Calls of the spans as objects, by edge. */
function expectedEdges(spans: readonly Span[]): Map<string, Row> {
  const found = new Map<
    string,
    { calls: number; failed: number; client: number[]; server: number[] }
  >();
  for (const { caller, callee, failed, ...edge } of analyzeTrace(spans).calls) {
    const key = json([edge.paneS, edge.client, edge.server, edge.type]);
    const sum = found.get(key) ?? { calls: 0, failed: 0, client: [], server: [] };
    sum.calls++;
    if (failed) sum.failed++;
    if (caller !== null) sum.client.push(Number(spans[caller]?.durationNano));
    if (callee !== null) sum.server.push(Number(spans[callee]?.durationNano));
    found.set(key, sum);
  }
  const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
  return new Map(
    [...found].map(([key, { calls, failed, client, server }]) => [
      key,
      {
        Calls: BigInt(calls),
        Failed: BigInt(failed),
        ClientNano: sum(client),
        ServerNano: sum(server),
        ClientBuckets: bucketsOf(client),
        ServerBuckets: bucketsOf(server),
      },
    ]),
  );
}

function bucketsOf(nanos: readonly number[]): readonly [number, bigint][] {
  const counts = new Map<number, bigint>();
  for (const nano of nanos) {
    const bucket = bucketIndex(nano);
    counts.set(bucket, (counts.get(bucket) ?? 0n) + 1n);
  }
  return inOrder([...counts]);
}

const inOrder = (pairs: readonly [number, bigint][]): readonly [number, bigint][] =>
  [...pairs].sort(([a], [b]) => a - b);

describe('edges of the service graph', () => {
  const anyTimes = fc.array(
    arbitrarySpan.map((one) => ({ ...one, parentSpanId: '', attributes: {} })),
    { maxLength: 5 },
  );

  it('have the calls that there are', () => {
    fc.assert(
      fc.property(fc.oneof(traces, anyTimes), (spans) => {
        const block = newBlock();
        add(block, spans);
        const found = edgesOf(block).map((row) => {
          const { PaneStart, Client, Server, ConnectionType, StoredAt, Seqs, ...sums } = row;
          expect([StoredAt, Seqs]).toEqual([
            PLACE.storedAtS,
            [[PLACE.partition, BigInt(PLACE.seq)]],
          ]);
          const buckets = {
            ClientBuckets: inOrder(row.ClientBuckets as [number, bigint][]),
            ServerBuckets: inOrder(row.ServerBuckets as [number, bigint][]),
          };
          return [
            json([PaneStart, Client, Server, ConnectionType]),
            { ...sums, ...buckets },
          ] as const;
        });
        expect(new Map(found)).toEqual(expectedEdges(spans));
      }),
      { numRuns: 300 },
    );
  });

  it('add up over many traces, services and durations', () => {
    const many = Array.from({ length: 400 }, (_, i) => [
      span({ id: 1, kind: CLIENT, service: `c${i % 37}`, duration: 2 ** (i % 50) }),
      span({ id: 2, parent: 1, kind: SERVER, service: `s${i % 23}`, duration: i * 1000 }),
    ]);
    const block = newBlock();
    for (const spans of many) add(block, spans);
    const rows = edgesOf(block);
    expect(new Set(rows.map(({ Client, Server }) => `${Client} ${Server}`)).size).toBe(rows.length);
    const total = rows.reduce((sum, { Calls }) => sum + Number(Calls), 0);
    const counted = rows.reduce(
      (sum, { ServerBuckets }) =>
        sum + (ServerBuckets as [number, bigint][]).reduce((n, [, count]) => n + Number(count), 0),
      0,
    );
    expect([total, counted]).toEqual([400, 400]);
  });

  it('name peers by the attributes of spans without a partner', () => {
    const others = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`db.other.${i}`, 'x']));
    const web = { service: 'web', parent: 1, kind: CLIENT };
    const block = newBlock();
    add(block, [
      span({ id: 1, kind: SERVER, service: 'web', duration: 100 }),
      span({ ...web, id: 2, duration: 70, attributes: { ...others, 'db.system': 'mysql' } }),
      span({ ...web, id: 3, status: ERROR, attributes: { 'peer.service': 'bänk' } }),
      span({ id: 4, kind: CONSUMER, service: 'web', attributes: { 'messaging.system': 'kafka' } }),
      span({ ...web, id: 5, attributes: others }),
      span({ ...web, id: 6, attributes: { 'peer.service': 'é'.repeat(300) } }),
    ]);
    const rows = edgesOf(block);
    const found = rows.map((e) => [e.Client, e.Server, e.ConnectionType, e.Calls, e.Failed]);
    expect(found).toEqual([
      ['kafka', 'web', 'messaging_system', 1n, 0n],
      ['web', 'mysql', 'database', 1n, 0n],
      ['web', 'bänk', 'virtual_node', 1n, 1n],
      ['web', '', 'unpaired', 1n, 0n],
      ['web', 'é'.repeat(256), 'virtual_node', 1n, 0n],
    ]);
    const mysql = rows.find(({ Server }) => Server === 'mysql');
    expect([mysql?.ClientBuckets, mysql?.ServerBuckets]).toEqual([[[bucketIndex(70), 1n]], []]);
  });

  it('have names as long as a span can be, of both sides', () => {
    const names = ['x'.repeat(1_000_000), 'y'.repeat(1_000_000)] as const;
    const block = newBlock();
    for (let i = 0; i < 2; i++) {
      add(block, [
        span({ id: 1, kind: CLIENT, service: names[0] }),
        span({ id: 2, parent: 1, kind: SERVER, service: names[1] }),
        span({ id: 3, parent: 2, kind: CLIENT, service: names[1], name: 'last' }),
      ]);
    }
    const found = edgesOf(block).map((e) => [e.Client, e.Server, e.Calls]);
    expect(found).toEqual([
      [names[0], names[1], 2n],
      [names[1], '', 2n],
    ]);
    expect(fragmentsOf(block).map((row) => row.Services)).toEqual([names, names]);
  });

  it('choose among several peers as the objects do', () => {
    const names = [
      'service.peer.name',
      'peer.service',
      'db.system.name',
      'db.system',
      'messaging.system',
      'x',
    ];
    const attributes = fc.dictionary(
      fc.constantFrom(...names),
      fc.constantFrom('', 'p', 'q'.repeat(260)),
    );
    fc.assert(
      fc.property(attributes, fc.constantFrom(CLIENT, CONSUMER), (given, kind) => {
        const spans = [span({ id: 1, kind, service: 'a', attributes: given })];
        const block = newBlock();
        add(block, spans);
        const found = edgesOf(block).map((e) => [e.Client, e.Server, e.ConnectionType]);
        expect(found).toEqual(analyzeTrace(spans).calls.map((c) => [c.client, c.server, c.type]));
      }),
      { numRuns: 200 },
    );
  });

  it('begin anew after each flush', () => {
    const block = newBlock();
    const one = [span({ id: 1, kind: CLIENT, service: 'a' })];
    add(block, one);
    add(block, one);
    expect(edgesOf(block)).toMatchObject([{ Calls: 2n, ClientNano: 20 }]);
    block.edgeRows.reset();
    expect(edgesOf(block)).toEqual([]);
  });
});
