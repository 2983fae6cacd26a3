import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AvroWriter, type LedgerEntry, reference, wireHeader, writeSpan } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import { Session } from 'chdb';
import { splitStatements } from '../../clickhouse/src/statements';
import {
  ChunkPool,
  DEAD_LETTER_COLUMNS,
  DeadLetterRows,
  FRAGMENT_COLUMNS,
  FragmentRows,
  LEDGER_COLUMNS,
  LedgerRows,
  PANE_COLUMNS,
  PaneRows,
  type Rows,
  SPAN_COLUMNS,
  SpanRows,
  StageOwner,
  sharedStage,
} from '../src';

const MIGRATIONS = resolve(__dirname, '../../../schemas/clickhouse');
const T0_S = 1_700_000_000;
const NANO = 1_000_000_000n;

/** The real engine, in a folder of its own. */
let folder: string;
let engine: Session;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spanloom-rowbinary-'));
  engine = new Session(join(folder, 'data'));
  engine.query('CREATE DATABASE spanloom');
  engine.query('USE spanloom');
  for (const file of readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()) {
    const sql = readFileSync(join(MIGRATIONS, file), 'utf8').replaceAll(
      '{{retention_days}}',
      '10000',
    );
    for (const statement of splitStatements(sql)) engine.query(statement);
  }
}, 60_000);

afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function insert(table: string, columns: readonly string[], rows: Rows, token: string): void {
  const path = join(folder, `${table}.bin`);
  writeFileSync(path, rows.view());
  const names = columns.map((name) => `\`${name}\``).join(', ');
  engine.query(
    `INSERT INTO ${table} (${names}) FROM INFILE '${path}'` +
      ` SETTINGS async_insert = 0, insert_deduplication_token = '${token}' FORMAT ${rows.format}`,
  );
}

function select(sql: string): Record<string, unknown>[] {
  const answer = engine.query(
    `${sql} SETTINGS output_format_json_quote_64bit_integers = 1`,
    'JSONEachRow',
  );
  return answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const spanOf = (id: number, change: Partial<Span> = {}): Span => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: id.toString(16).padStart(16, '0'),
  parentSpanId: id === 1 ? '' : '0000000000000001',
  startUnixNano: BigInt(T0_S) * NANO + BigInt(id) + 123456789n,
  durationNano: 5_000_000n,
  kind: 2,
  statusCode: id === 3 ? 2 : 1,
  service: `service-${id % 2}`,
  name: `opération ${id}`,
  traceState: 'a=b',
  flags: 0x301,
  statusMessage: 'what happened',
  scopeName: 'scope',
  scopeVersion: '1.2',
  resourceAttributes: { 'k8s.pod.name': 'pod-1', 'service.version': '9' },
  attributes: { 'http.method': 'GET', 'url.full': `http://x/${'y'.repeat(300)}` },
  events: [
    { timeUnixNano: BigInt(T0_S) * NANO, name: 'first', attributes: { a: '1' } },
    { timeUnixNano: BigInt(T0_S) * NANO + 1n, name: 'second', attributes: {} },
  ],
  links: [
    { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), traceState: 'x=y', attributes: { l: '2' } },
  ],
  ...change,
});

/** Two fragments of one trace: spans 2 and 3, then, late, the root. */
function trace(): { spans: SpanRows; fragments: FragmentRows } {
  const owner = new StageOwner();
  const spans = new SpanRows(new ChunkPool(), sharedStage(), owner);
  const fragments = new FragmentRows(new ChunkPool(), sharedStage(), owner);
  const parts = [
    { ids: [2, 3], seq: 4, late: false },
    { ids: [1], seq: 9, late: true },
    { ids: [], seq: 11, late: true },
  ];
  for (const { ids, seq, late } of parts) {
    const writer = new AvroWriter();
    for (const id of ids) writeSpan(writer, spanOf(id));
    const buffer = writer.take();
    spans.append(buffer, { partition: 5, seq, storedAtS: T0_S + seq });
    const traceId = Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex');
    const times = { openedAtS: T0_S, closedAtS: T0_S + seq };
    fragments.finish(
      {
        buffer: traceId,
        traceIdAt: 0,
        reason: 1,
        late,
        duplicateCount: 1,
        ...times,
      },
      0,
    );
  }
  return { spans, fragments };
}

describe('rows in the real engine', () => {
  it('reads spans back as they were, and takes a repeat with the same token once', () => {
    const { spans } = trace();
    insert('otel_traces', SPAN_COLUMNS, spans, 'spans-1');
    insert('otel_traces', SPAN_COLUMNS, spans, 'spans-1');
    const rows = select('SELECT * FROM otel_traces ORDER BY SpanId');
    expect(rows).toHaveLength(3);
    expect(rows[2]).toEqual({
      Timestamp: '2023-11-14 22:13:20.123456792',
      TraceId: '0af7651916cd43dd8448eb211c80319c',
      SpanId: '0000000000000003',
      ParentSpanId: '0000000000000001',
      TraceState: 'a=b',
      SpanName: 'opération 3',
      SpanKind: 'Server',
      ServiceName: 'service-1',
      ResourceAttributes: { 'k8s.pod.name': 'pod-1', 'service.version': '9' },
      ScopeName: 'scope',
      ScopeVersion: '1.2',
      SpanAttributes: { 'http.method': 'GET', 'url.full': `http://x/${'y'.repeat(300)}` },
      Duration: '5000000',
      StatusCode: 'Error',
      StatusMessage: 'what happened',
      'Events.Timestamp': ['2023-11-14 22:13:20.000000000', '2023-11-14 22:13:20.000000001'],
      'Events.Name': ['first', 'second'],
      'Events.Attributes': [{ a: '1' }, {}],
      'Links.TraceId': ['f'.repeat(32)],
      'Links.SpanId': ['e'.repeat(16)],
      'Links.TraceState': ['x=y'],
      'Links.Attributes': [{ l: '2' }],
      Flags: 0x301,
      Partition: 5,
      Seq: '4',
      StoredAt: '2023-11-14 22:13:24',
    });
    expect(rows[0]).toMatchObject({ ParentSpanId: '', Seq: '9' });
  });

  it('takes spans of any time: years apart in one insert', () => {
    const writer = new AvroWriter();
    const spans = new SpanRows();
    const place = { partition: 6, seq: 1, storedAtS: T0_S };
    for (let year = 0; year < 290; year++) {
      writer.reset();
      const startUnixNano = BigInt(year) * 31_557_600n * NANO;
      writeSpan(writer, spanOf(year + 1, { startUnixNano, service: 'old' }));
      expect(spans.append(writer.view(), place)).toBe(1);
    }
    insert('otel_traces', SPAN_COLUMNS, spans, 'spans-2');
    const [row] = select(`SELECT count() AS n FROM otel_traces WHERE ServiceName = 'old'`);
    expect(row).toEqual({ n: '290' });
  });

  it('shows fragments as one trace, amended by the late one, and counts nothing twice', () => {
    const { fragments } = trace();
    insert('trace_fragments', FRAGMENT_COLUMNS, fragments, 'fragments-1');
    // As if the token had been forgotten: the table itself knows (Partition, Seq).
    insert('trace_fragments', FRAGMENT_COLUMNS, fragments, 'fragments-again');
    const [row, ...more] = select('SELECT * FROM traces');
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      TraceId: '0af7651916cd43dd8448eb211c80319c',
      Start: '2023-11-14 22:13:20.123456790',
      End: '2023-11-14 22:13:20.128456792',
      Duration: '5000002',
      Spans: '3',
      Errors: '1',
      Duplicates: '3',
      Fragments: '3',
      LateFragments: '2',
      HasRoot: true,
      RootSpanId: '0000000000000001',
      RootService: 'service-1',
      RootName: 'opération 1',
      RootDuration: '5000000',
      Services: ['service-0', 'service-1'],
      ServiceSpans: ['1', '2'],
      ServiceErrors: ['0', '1'],
    });
    expect(select('SELECT count() AS n FROM otel_traces_trace_id_ts')).toEqual([{ n: '4' }]);
  });

  it('shows what fragments and amendments found out about traces', () => {
    const found = select('SELECT * FROM trace_analysis');
    // Three fragments and no amendment yet: what the largest shows, and that it is not all.
    expect(found).toMatchObject([
      { Fragments: '3', Pending: 1, Depth: 1, RootCount: 0, OrphanCount: 2, Complete: 0 },
    ]);
    engine.query(
      `INSERT INTO trace_amendments (TraceId, LastSeq, Fragments, Depth, RootCount, ConnectedCount,
         ClosedAt, \`Edges.PaneStart\`, \`Edges.Client\`, \`Edges.Server\`, \`Edges.ConnectionType\`,
         \`Edges.Calls\`, \`Edges.Failed\`, \`Edges.ClientNano\`, \`Edges.ServerNano\`,
         \`Edges.ClientBuckets\`, \`Edges.ServerBuckets\`)
       SELECT '0af7651916cd43dd8448eb211c80319c', seq, 3, 2, 1, 3, toDateTime(${T0_S}),
         [toDateTime(60), toDateTime(60)], ['a', 'a'], ['', 'b'], ['unpaired', ''], [-2, toInt64(seq)],
         [0, 1], [-20, 0], [0, 10], [map(10, -2), map()], [map(), map(10, seq)]
       FROM (SELECT arrayJoin([4, 11]) AS seq)`,
    );
    expect(select('SELECT * FROM trace_analysis')).toMatchObject([
      { Fragments: '3', Pending: 0, Depth: 2, Complete: 1, Completeness: 1 },
    ]);
    engine.query(
      `INSERT INTO service_edges (PaneStart, Client, Server, ConnectionType, Calls, ClientNano,
         ClientBuckets, StoredAt)
       VALUES (60, 'a', '', 'unpaired', 2, 20, map(10, 2), ${T0_S}), (60, 'a', 'b', '', 4, 90, map(20, 4), ${T0_S})`,
    );
    const range = "start_at = '1970-01-01 00:01:00', end_at = '1970-01-01 00:02:00'";
    // The newest amendment alone: 4 + 11 calls, not 4 + 4 + 11; the unpaired ones are gone.
    expect(select(`SELECT * FROM service_graph(${range})`)).toMatchObject([
      {
        Client: 'a',
        Server: 'b',
        ConnectionType: '',
        Calls: '15',
        Failed: '1',
        ClientMeanNano: 22.5,
        ClientQuantilesNano: [20, 20, 20],
        ServerQuantilesNano: [10, 10, 10],
      },
    ]);
  });

  it('balances what came in against what was stored', () => {
    const rows = new LedgerRows();
    const entry: LedgerEntry = {
      atS: T0_S,
      fromOffset: 0,
      toOffset: 7,
      received: 8,
      deadLettered: 1,
      sampledOut: 0,
      openSpans: 5,
    };
    rows.append(5, 5, entry);
    rows.append(5, 12, {
      ...entry,
      fromOffset: 7,
      toOffset: 9,
      received: 2,
      deadLettered: 0,
      openSpans: 3,
    });
    insert('ledger', LEDGER_COLUMNS, rows, 'ledger-1');
    const columns =
      'Partition, Received, Stored, Duplicates, DeadLettered, SampledOut, OpenSpans, Missing, Holes, Rows';
    expect(select(`SELECT ${columns} FROM ledger_balance`)).toEqual([
      {
        Partition: 5,
        Received: '10',
        Stored: '3',
        Duplicates: '3',
        DeadLettered: '1',
        SampledOut: '0',
        OpenSpans: '3',
        Missing: '0',
        Holes: '0',
        Rows: '3',
      },
    ]);
  });

  it('counts from a ledger row on where the first ones are gone, and sees holes', () => {
    const balance = (): unknown =>
      select(
        'SELECT FromOffset, ToOffset, CarriedIn, Received, Stored, OpenSpans, Missing, Holes, EntriesMissing, AfterSeq' +
          ' FROM ledger_balance WHERE Partition = 6',
      );
    const ledger = (
      seq: number,
      from: number,
      to: number,
      received: number,
      open: number,
    ): void => {
      engine.query(
        `INSERT INTO ledger VALUES (6, ${seq}, now() - ${100 - seq}, ${from}, ${to}, ${received}, 0, 0, ${open})`,
      );
    };
    ledger(10, 100, 110, 50, 4);
    ledger(12, 110, 120, 3, 2);
    engine.query(
      'INSERT INTO trace_fragments (TraceId, Partition, Seq, ClosedAt, SpanCount)' +
        " VALUES ('t', 6, 9, now() - 91, 46), ('t', 6, 11, now() - 89, 5)",
    );
    const balanced = {
      FromOffset: '110',
      ToOffset: '120',
      CarriedIn: '4',
      Received: '3',
      Stored: '5',
      OpenSpans: '2',
      Missing: '0',
      Holes: '0',
      EntriesMissing: '0',
      AfterSeq: '10',
    };
    expect(balance()).toEqual([balanced]);
    ledger(14, 125, 130, 1, 3);
    expect(balance()).toEqual([
      {
        ...balanced,
        ToOffset: '130',
        Received: '4',
        OpenSpans: '3',
        Holes: '1',
        EntriesMissing: '1',
      },
    ]);
  });

  it('keeps dead letters with their raw bytes, each once', () => {
    const rows = new DeadLetterRows();
    const letter = {
      topic: 'spans',
      partition: 7,
      offset: 2 ** 40,
      index: -1,
      atUnixMs: T0_S * 1000 + 5,
      reason: 'malformed',
      error: 'it — broke',
      attempts: 1,
      schemaId: 3,
      key: null,
      raw: Buffer.from([0, 255, 10]),
    };
    rows.append(letter);
    rows.append({ ...letter, index: 4, key: Buffer.from('key') });
    insert('dead_letters', DEAD_LETTER_COLUMNS, rows, 'dead-1');
    insert('dead_letters', DEAD_LETTER_COLUMNS, rows, 'dead-2');
    const found = select(
      'SELECT * REPLACE (hex(Raw) AS Raw) FROM dead_letters FINAL ORDER BY SpanIndex',
    );
    expect(found).toEqual([
      {
        Topic: 'spans',
        Partition: 7,
        Offset: '1099511627776',
        SpanIndex: -1,
        At: '2023-11-14 22:13:20.005',
        Reason: 'malformed',
        Error: 'it — broke',
        Attempts: 1,
        SchemaId: 3,
        Key: null,
        Raw: '00FF0A',
      },
      expect.objectContaining({ SpanIndex: 4, Key: 'key' }),
    ]);
  });

  it('adds latency deltas up', () => {
    const pane = {
      start_s: BigInt(T0_S),
      service: 's',
      operation: 'o',
      kind: 2,
      status_code: 1,
      count: 2n,
      errors: 1n,
      sum_nano: 30,
      min_nano: 10,
      max_nano: 20,
      buckets: [
        { index: -3, count: 1n },
        { index: 300, count: 1n },
      ],
      exemplar_trace_id: Buffer.alloc(16, 1),
      exemplar_span_id: Buffer.alloc(8, 2),
    };
    for (const seq of [1n, 2n]) {
      const batch = {
        partition: Number(seq),
        seq,
        flushed_at_s: BigInt(T0_S) + seq,
        panes: [pane],
      };
      const rows = new PaneRows();
      rows.open(Buffer.concat([wireHeader(4), reference.latencyPane.toBuffer(batch)]));
      expect(rows.appendOpened()).toBe(1);
      insert('latency_panes', PANE_COLUMNS, rows, `panes-${seq}`);
    }
    engine.query('OPTIMIZE TABLE latency_panes FINAL');
    expect(select('SELECT * FROM latency_panes')).toEqual([
      {
        ServiceName: 's',
        SpanName: 'o',
        SpanKind: 'Server',
        StatusCode: 'Ok',
        PaneStart: '2023-11-14 22:13:20',
        Count: '4',
        Errors: '2',
        SumNano: 60,
        MinNano: 10,
        MaxNano: 20,
        Buckets: { '-3': '2', '300': '2' },
        Exemplar: { Nano: 20, TraceId: '01'.repeat(16), SpanId: '02'.repeat(8) },
        StoredAt: '2023-11-14 22:13:22',
        Seqs: { '1': '1', '2': '2' },
      },
    ]);
  });
});
