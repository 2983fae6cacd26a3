import { startTestEngines, type TestEngines } from '@spanloom/infra';
import { type RunningQuery, startTestQuery } from './running-query';

const START_S = 1_661_140_339;
/** Rows expire by the time of storing. */
const NOW_S = Math.floor(Date.now() / 1000);
const START_MICROS = START_S * 1_000_000;
const TRACE = `00000000000000001${'a'.repeat(15)}`;
const OTHER = 'b'.repeat(32);
const QUOTED = 'o\'brien \\ "x"';

/** One row of otel_traces in plain SQL; `copy` makes a second one with another StoredAt. */
const SPANS = `INSERT INTO otel_traces
(Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes,
 SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
 Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes, Flags, Partition, Seq, StoredAt)
SELECT toDateTime64({at:UInt32}, 9) + toIntervalMicrosecond({micros:UInt32}), {trace:String}, {span:String}, {parent:String},
 {name:String}, {kind:String}, {service:String}, map('service.name', {service:String}, 'host.name', 'h1'),
 map('http.status_code', '500', 'weird key', {weird:String}), {duration:UInt64}, {status:String}, '',
 [toDateTime64({at:UInt32}, 9)], ['note'], [map('n', '1')], [], [], [], [], 1, 0, 0, toDateTime({stored:UInt32})`;

const PANE = `INSERT INTO latency_panes
(ServiceName, SpanName, SpanKind, StatusCode, PaneStart, Count, Errors, SumNano, MinNano, MaxNano, Buckets, Exemplar, StoredAt, Seqs)
SELECT {service:String}, 'op', 'Server', {status:String}, toDateTime({at:UInt32}), {count:UInt64}, {errors:UInt64},
 100 * {count:UInt64}, 100, {most:Float64}, map(toInt16(100), {count:UInt64}), ({most:Float64}, 'aa', 'bb'), now(), map(toUInt16(0), toUInt64(1))`;

let engines: TestEngines;
let query: RunningQuery;

async function addSpan(change: Readonly<Record<string, unknown>>): Promise<void> {
  const plain = {
    at: START_S,
    micros: 0,
    trace: TRACE,
    span: '1'.repeat(16),
    parent: '',
    name: 'GET /',
    kind: 'Server',
    service: 'front',
    weird: 'w',
    duration: 5_000_000,
    status: 'Unset',
    stored: NOW_S,
  };
  await query.clickhouse.command(SPANS, { ...plain, ...change });
}

async function addPane(change: Readonly<Record<string, unknown>>): Promise<void> {
  const plain = {
    service: 'front',
    status: 'Unset',
    at: START_S - 9,
    count: 3,
    errors: 0,
    most: 101,
  };
  await query.clickhouse.command(PANE, { ...plain, ...change });
}

const idsOf = (body: { data: { traceID: string }[] }) => body.data.map(({ traceID }) => traceID);

beforeAll(async () => {
  engines = await startTestEngines({ engines: ['clickhouse'] });
  query = await startTestQuery(engines.env.CLICKHOUSE_URL as string);
}, 120_000);

afterAll(async () => {
  await query?.stop();
  await engines?.stop();
});

describe('query API on a real ClickHouse', () => {
  it('is 503 before the tables are there', async () => {
    const { code, body } = await query.get('/api/services');
    expect(code).toBe(503);
    expect(body.errors[0].msg).toContain('start the sink');
    await query.migrate();
    expect(await query.get('/api/services')).toMatchObject({ code: 200, body: { data: [] } });
    const latency = await query.get('/api/latency');
    expect(latency.body).toMatchObject({ window: { ends_with: 'now' }, series: [] });
  }, 60_000);

  it('takes spans in', async () => {
    await addSpan({});
    // A second copy, stored on another day: merges will not remove it.
    await addSpan({ stored: NOW_S - 86_400 });
    await addSpan({
      span: '2'.repeat(16),
      parent: '1'.repeat(16),
      service: 'back',
      kind: 'Client',
      micros: 7,
      status: 'Error',
    });
    await addSpan({
      trace: OTHER,
      at: START_S + 60,
      service: QUOTED,
      name: 'a/b c',
      weird: QUOTED,
      duration: 2_500_000_000,
    });
    await addPane({});
    await addPane({ count: 1, errors: 1, status: 'Error', most: 102 });
    await addPane({ service: 'back', at: START_S + 600 });
  });

  it.each(['/api', '/jaeger/api'])('knows who called whom under %s', async (prefix) => {
    await query.clickhouse.command('TRUNCATE TABLE service_edges');
    await query.clickhouse.command(
      `INSERT INTO service_edges (PaneStart, Client, Server, ConnectionType, Calls, Failed, ClientBuckets, ServerBuckets, StoredAt)
       VALUES (60, 'front', 'back', '', 3, 1, map(100, 3), map(90, 3), now()),
         (120, 'front', 'back', '', 2, 0, map(100, 2), map(90, 2), now()),
         (120, 'front', 'back', 'messaging_system', 1, 0, map(), map(), now()),
         (120, 'back', 'redis', 'database', 1, 0, map(100, 1), map(), now()),
         (120, 'back', '', 'unpaired', 7, 0, map(100, 7), map(), now())`,
    );
    const all = await query.get(`${prefix}/dependencies?endTs=180000&lookback=120000`);
    expect(all.body).toMatchObject({
      data: [
        { parent: 'front', child: 'back', callCount: 6 },
        { parent: 'back', child: 'redis', callCount: 1 },
      ],
      total: 2,
      errors: null,
    });
    const first = await query.get(`${prefix}/dependencies?endTs=120000&lookback=60000`);
    expect(first.body.data).toEqual([{ parent: 'front', child: 'back', callCount: 3 }]);
    expect((await query.get(`${prefix}/dependencies`)).body.data).toEqual([]);
    const bad = await query.get(`${prefix}/dependencies?endTs=soon`);
    expect(bad).toMatchObject({ code: 400, body: { errors: [{ code: 400 }] } });
  });

  it('gives the service graph with failures and durations', async () => {
    const { body } = await query.get('/api/service-graph?endTs=180000&lookback=120000');
    expect(body).toMatchObject({ truncated: false, unpaired_calls: 7 });
    expect(body.edges[0]).toEqual({
      client: 'front',
      server: 'back',
      connection_type: '',
      calls: 5,
      rate: 5 / 120,
      failed: 1,
      failure_rate: 0.2,
      seen_by_client: { p50_ms: 0.0001, p95_ms: 0.0001, p99_ms: 0.0001 },
      seen_by_server: { p50_ms: 0.00009, p95_ms: 0.00009, p99_ms: 0.00009 },
    });
    const redis = body.edges.find((edge: { server: string }) => edge.server === 'redis');
    expect(redis).toMatchObject({
      connection_type: 'database',
      seen_by_server: { p50_ms: null, p95_ms: null, p99_ms: null },
    });
  });

  it('analyses a trace', async () => {
    const { body } = await query.get(`/api/traces/1${'a'.repeat(15)}/analysis`);
    expect(body).toMatchObject({
      trace_id: TRACE,
      truncated: false,
      root: { span_id: '1'.repeat(16), service: 'front', operation: 'GET /' },
      start_unix_nano: `${START_S}000000000`,
      duration_nano: 5_007_000,
      span_count: 2,
      error_count: 1,
      depth: 2,
      complete: true,
      error_origin: { service: 'back' },
      calls: [
        { client: 'front', server: 'back', failed: true },
        { client: 'back', server: '', connection_type: 'unpaired' },
      ],
    });
    const path = body.critical_path.map((s: { duration_nano: number }) => s.duration_nano);
    expect(path).toEqual([7_000, 4_993_000]);
    expect((await query.get(`/api/traces/${'9'.repeat(32)}/analysis`)).code).toBe(404);
    expect((await query.get('/api/traces/x/analysis')).code).toBe(400);
  });

  it.each(['/api', '/jaeger/api'])('names services and operations under %s', async (prefix) => {
    const services = await query.get(`${prefix}/services`);
    expect(services.body).toEqual({
      data: ['back', 'front', QUOTED],
      total: 3,
      limit: 0,
      offset: 0,
      errors: null,
    });
    const names = await query.get(`${prefix}/services/${encodeURIComponent(QUOTED)}/operations`);
    expect(names.body.data).toEqual(['a/b c']);
    const kinds = await query.get(`${prefix}/operations?service=back&spanKind=client`);
    expect(kinds.body.data).toEqual([{ name: 'GET /', spanKind: 'client' }]);
    const none = await query.get(`${prefix}/operations?service=back&spanKind=server`);
    expect(none.body.data).toEqual([]);
  });

  it('gives a trace by its short id, each span once', async () => {
    const { code, body } = await query.get(`/api/traces/${TRACE.replace(/^0+/, '').toUpperCase()}`);
    expect(code).toBe(200);
    expect(body.data).toHaveLength(1);
    const [trace] = body.data;
    expect(trace.processes.p1).toEqual({
      serviceName: 'front',
      tags: [{ key: 'host.name', type: 'string', value: 'h1' }],
    });
    expect(trace.spans.map((span: { spanID: string }) => span.spanID[0])).toEqual(['1', '2']);
    expect(trace.spans[1]).toMatchObject({
      startTime: START_MICROS + 7,
      duration: 5000,
      processID: 'p2',
      references: [{ refType: 'CHILD_OF', traceID: TRACE, spanID: '1'.repeat(16) }],
      logs: [{ timestamp: START_MICROS }],
    });
    expect(trace.spans[1].tags).toContainEqual({ key: 'error', type: 'bool', value: true });
    expect(trace.spans[1].tags).toContainEqual({
      key: 'http.status_code',
      type: 'int64',
      value: 500,
    });
  });

  it('says that open windows are missing while Redis is away, and is ready all the same', async () => {
    const missing = expect.stringContaining('REDIS_URL');
    const stored = await query.get(`/api/traces/${TRACE}`);
    expect(stored).toMatchObject({
      code: 200,
      body: { data: [{ open: false, warnings: [missing] }] },
    });
    const analysis = await query.get(`/api/traces/${TRACE}/analysis`);
    expect(analysis.body).toMatchObject({ open: false, warnings: [missing] });
    const search = await query.get('/api/traces?service=front');
    expect(search.body.data[0]).toMatchObject({ warnings: null });
    const none = await query.get('/api/traces/abc');
    expect(none.code).toBe(404);
    expect(none.body.errors[1].msg).toEqual(missing);
    const windows = await query.get('/api/windows');
    expect([windows.code, windows.body.errors[0].msg]).toEqual([503, missing]);
    expect((await query.get('/readyz')).body).toEqual({ ok: true });
    const metrics = (await query.metrics.expose()).body;
    expect(metrics).toMatch(/live_reads_total\{what="trace",outcome="(away|slow)"/);
  });

  it.each([
    ['', [OTHER, TRACE]],
    ['limit=1', [OTHER]],
    ['service=front', [TRACE]],
    [`service=${encodeURIComponent(QUOTED)}&operation=a%2Fb+c`, [OTHER]],
    ['service=front&operation=none', []],
    ['minDuration=1s', [OTHER]],
    ['maxDuration=5ms', [TRACE]],
    ['minDuration=5001us&maxDuration=2s', []],
    [`start=${START_MICROS + 1_000_000}`, [OTHER]],
    [`end=${START_MICROS}&service=front`, [TRACE]],
    ['start=0&end=9223372036000000', [OTHER, TRACE]],
    ['tag=error:true', [TRACE]],
    ['tag=error:false&service=back', []],
    ['tag=span.kind:client', [TRACE]],
    ['tag=otel.status_code:ERROR&tag=host.name:h1', [TRACE]],
    [
      `tags=${encodeURIComponent(JSON.stringify({ 'weird key': QUOTED, 'http.status_code': 500 }))}`,
      [OTHER],
    ],
    ['tag=missing:', []],
    [`traceID=${OTHER}&traceID=${TRACE}&traceID=cc`, [OTHER, TRACE]],
    ["service='%20OR%201=1%20--", []],
  ])('searches %s', async (parameters, ids) => {
    const { code, body } = await query.get(`/jaeger/api/traces?${parameters}`);
    expect({ code, ids: idsOf(body) }).toEqual({ code: 200, ids });
  });

  it.each([
    '/api/traces?limit=100000',
    '/api/traces?limit=0',
    '/api/traces?minDuration=5',
    "/api/traces?maxDuration=1ms'",
    '/api/traces?start=yesterday',
    '/api/traces?end=99999999999999999999',
    '/api/traces?tags={',
    '/api/traces?tag=nocolon',
    '/api/traces?traceID=xyz',
    '/api/traces/xyz',
    `/api/traces/${'a'.repeat(33)}`,
    "/api/traces/1'%20OR%201",
    '/api/operations',
    '/api/operations?service=a&spanKind=b',
    '/api/latency?window=2m',
    '/api/latency?at=now',
    '/api/latency?kind=x',
    '/api/latency?limit=-1',
    '/api/latency?by=colour',
    '/api/latency?status=fine',
    '/api/red?start=1',
    '/api/red?step=15s',
    '/jaeger/api/metrics/calls',
    '/api/metrics/latencies?service=front',
    '/api/metrics/errors?service=front&spanKind=x',
    '/api/windows?order=newest',
    '/api/windows?limit=1001',
    '/api/windows?limit=-1',
    '/api/explain',
    '/api/explain?service=a',
    '/api/explain?service=a&slowerThan=5',
    '/api/explain?service=a&slowerThan=1ms&start=2&end=1',
    '/api/services/%zz/operations',
  ])('turns down %s', async (path) => {
    const { code, body } = await query.get(path);
    expect(code).toBe(400);
    expect(body).toMatchObject({ data: null, errors: [{ code: 400 }] });
  });

  const HOSTILE = [
    '%00',
    '%0A%09',
    '%5C',
    '%C3%BF',
    '%F0%9F%98%80',
    '%5CN',
    '{a:String}',
    '%EF%BF%BE',
  ];
  it.each(HOSTILE)('takes %s as text wherever a text goes', async (text) => {
    const tags = [`{"${text === '%5C' ? '%5C%5C' : 'k'}":"x"}`, '{"\\ud800":"\\u0000\\udfff"}'];
    for (const path of [
      `traces?service=${text}&operation=${text}&tag=${text}:${text}`,
      ...tags.map((map) => `traces?tags=${map}`),
      `services/${text}/operations`,
      `operations?service=${text}`,
      `latency?service=${text}&operation=${text}&at=1`,
    ]) {
      const { code, body } = await query.get(`/api/${path}`);
      expect({ path, code, found: (body.data ?? body.series)?.length }).toEqual({
        path,
        code: 200,
        found: 0,
      });
    }
  });

  it.each([
    `/api/traces?${'tag=a:b&'.repeat(40)}`,
    `/api/traces?tags=${encodeURIComponent('['.repeat(5000))}`,
    '/api/traces?limit=1&limit=2',
    '/api/traces?service=a&service=b',
    '/api/traces?minDuration=99999999h',
    '/api/latency?at=2024-13-45T99:00:00Z',
    '/api/service-graph?endTs=1e9',
    '/api/service-graph?lookback=999999999999999',
    '/api/service-graph?endTs=4294967295001',
  ])('turns down %s with a cure', async (path) => {
    const { code, body } = await query.get(path);
    expect([code, body.errors?.[0].msg]).toEqual([400, expect.stringMatching(/should be|give/)]);
  });

  it('is 431 or 404 for what is no question of ours, and 413 for an answer that is too large', async () => {
    expect((await fetch(`${query.url}/api/traces?service=${'x'.repeat(20_000)}`)).status).toBe(431);
    const post = await fetch(`${query.url}/api/traces`, { method: 'POST', body: '{' });
    expect(post.status).toBeGreaterThanOrEqual(404);
    expect(post.status).toBeLessThan(500);
    const small = await startTestQuery(engines.env.CLICKHOUSE_URL as string, {
      SPANLOOM_ANSWER_BYTES_MAX: '1048576',
    });
    const large = 'f'.repeat(32);
    for (const kind of ['Server', 'Client']) {
      await addSpan({ trace: large, kind, service: 'large', weird: 'x'.repeat(700_000) });
    }
    expect((await query.get(`/api/traces/${large}`)).body.data[0].spans).toHaveLength(2);
    const { code, body } = await small.get(`/api/traces/${large}`);
    await small.stop();
    await query.clickhouse.command(
      `ALTER TABLE otel_traces DELETE WHERE TraceId = '${large}'`,
      {},
      {
        mutations_sync: 1,
      },
    );
    expect([code, body.errors[0].msg]).toEqual([
      413,
      expect.stringContaining('SPANLOOM_ANSWER_BYTES_MAX'),
    ]);
  });

  it('is 404 for what is not there', async () => {
    expect((await query.get('/api/traces/abc')).body.errors[0].msg).toContain('there is no trace');
    expect((await query.get('/api/nothing')).code).toBe(404);
  });

  it('gives latency at a time, and by default at the newest pane', async () => {
    const { body } = await query.get(`/api/latency?window=1m&at=${START_S + 5}`);
    expect(body.window).toEqual({
      length: '1m',
      seconds: 60,
      start: new Date((START_S - 59) * 1000).toISOString(),
      end: new Date((START_S + 1) * 1000).toISOString(),
      ends_with: 'at',
    });
    expect(body.series).toHaveLength(1);
    expect(body.series[0]).toEqual({
      service: 'front',
      operation: 'op',
      kind: 'server',
      count: 4,
      rate: 4 / 60,
      errors: 1,
      error_rate: 0.25,
      mean_ms: 100 / 1e6,
      min_ms: 100 / 1e6,
      p50_ms: 100 / 1e6,
      p75_ms: 100 / 1e6,
      p90_ms: 100 / 1e6,
      p95_ms: 100 / 1e6,
      p99_ms: 100 / 1e6,
      p99_9_ms: 100 / 1e6,
      max_ms: 102 / 1e6,
      slowest: { trace_id: 'aa', span_id: 'bb' },
    });
    const newest = await query.get('/api/latency');
    expect(newest.body.window.ends_with).toBe('newest-pane');
    expect(newest.body.series.map((series: { service: string }) => series.service)).toEqual([
      'back',
    ]);
    const front = await query.get('/api/latency?service=front&kind=server&operation=op&window=60m');
    expect(front.body.series).toMatchObject([{ service: 'front', count: 4 }]);
    expect(front.body.window.end).toBe(new Date((START_S + 1) * 1000).toISOString());
  });

  it('gives rate, errors and duration over a range, in steps, by what is asked for', async () => {
    const range = `start=${START_S - 69}&end=${START_S + 700}`;
    const { body } = await query.get(`/api/red?${range}&by=service,status&step=5m&limit=2`);
    expect(body.window).toEqual({
      seconds: 760,
      start: new Date((START_S - 69) * 1000).toISOString(),
      end: new Date((START_S + 691) * 1000).toISOString(),
    });
    expect(body).toMatchObject({ step_s: 300, truncated: true });
    const [most, second] = body.series;
    expect(most).toMatchObject({ service: 'back', status: 'unset', count: 3, rate: 3 / 760 });
    expect(most.points).toMatchObject([
      { start: new Date((START_S + 531) * 1000).toISOString(), count: 3, rate: 3 / 160 },
    ]);
    expect(second).toMatchObject({ service: 'front', status: 'unset', count: 3, errors: 0 });
    expect(second.points).toMatchObject([{ count: 3, rate: 3 / 300 }]);
    const failed = await query.get(`/api/red?${range}&status=error&by=kind`);
    expect(failed.body.step_s).toBeNull();
    expect(failed.body.series).toMatchObject([{ kind: 'server', count: 1, error_rate: 1 }]);
    expect(failed.body.series[0].points).toBeUndefined();
  });

  it.each(['/api', '/jaeger/api'])("answers Jaeger's Monitor page under %s", async (prefix) => {
    const at = `endTs=${(START_S + 1) * 1000}&lookback=60000&step=60000&ratePer=60000`;
    const errors = await query.get(`${prefix}/metrics/errors?service=front&service=back&${at}`);
    expect(errors.body).toEqual({
      name: 'service_error_rate',
      type: 'GAUGE',
      help: 'error rate, computed as a fraction of errors/sec over calls/sec, grouped by service',
      metrics: [
        {
          labels: [{ name: 'service_name', value: 'front' }],
          metricPoints: [
            {
              gaugeValue: { doubleValue: 0.25 },
              timestamp: new Date((START_S + 1) * 1000).toISOString(),
            },
          ],
        },
      ],
    });
    const none = await query.get(`${prefix}/metrics/calls?service=front&spanKind=client&${at}`);
    expect(none.body.metrics).toEqual([]);
    const { body } = await query.get(`${prefix}/metrics/minstep`);
    expect(body).toEqual({ data: 10_000, total: 0, limit: 0, offset: 0, errors: null });
  });

  it('gives an answer to Prometheus that is kept for a while, plain or compressed', async () => {
    const ask = (encoding: string) =>
      fetch(`${query.url}/metrics`, { headers: { 'accept-encoding': encoding } });
    const first = await ask('gzip');
    expect(first.headers.get('content-encoding')).toBe('gzip');
    const text = await first.text();
    expect(text).toContain(
      'traces_spanmetrics_calls_total{service="front",span_name="op",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"} 1\n',
    );
    expect(text).toContain('traces_service_graph_unpaired_spans_total{client="back",server=""');
    await addPane({});
    const second = await ask('identity');
    expect(second.headers.get('content-encoding')).toBeNull();
    expect(await second.text()).toBe(text);
  });

  it('explains what the slow have that the others do not', async () => {
    await query.clickhouse.command(
      `INSERT INTO otel_traces (Timestamp, TraceId, SpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode, StoredAt)
       SELECT toDateTime64({at:UInt32}, 9), concat(repeat('e', 30), leftPad(toString(number), 2, '0')), 'eeeeeeeeeeeeeeee', 'turn', 'Server', 'lathe',
         map('k8s.pod.name', concat('lathe-', toString(number % 2))), map('request.id', toString(number)),
         1000000 * if(number % 2 = 0, 50 + number % 3, 5), 'Unset', now()
       FROM numbers(60)`,
      { at: START_S },
    );
    const { code, body } = await query.get('/api/explain?service=lathe&slowerThan=20ms');
    expect(code).toBe(200);
    expect(body).toMatchObject({
      slow: { spans: 30, traces: 30, sampled: 1, below_traces: 30 },
      rest: { spans: 30, traces: 30, sampled: 1, below_traces: 30 },
      ids: ['span request.id'],
      keys_cut: false,
      below_cut: false,
      below: [
        { service: 'lathe', operation: 'turn', part: 1, instance: { name: 'lathe-0', share: 1 } },
      ],
    });
    expect(body.attributes).toHaveLength(1);
    expect(body.attributes[0]).toMatchObject({
      source: 'resource',
      key: 'k8s.pod.name',
      value: 'lathe-0',
      slow: 30,
      rest: 0,
      difference: 1,
      lift: null,
    });
    const later = (START_S + 1) * 1e6;
    const none = await query.get(`/api/explain?service=lathe&slowerThan=20ms&start=${later}`);
    expect(none.body).toMatchObject({ slow: { spans: 0 }, attributes: [], below: [] });
  });

  it('describes itself, counts itself and is healthy', async () => {
    const { body } = await query.get('/openapi.json');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        ...['/api/traces/{id}', '/jaeger/api/traces', '/livez', '/metrics', '/api/windows'],
        ...['/api/latency', '/api/red', '/api/metrics/latencies', '/jaeger/api/metrics/minstep'],
      ]),
    );
    const red = body.paths['/api/red'].get.responses['200'].content['application/json'].schema;
    expect(Object.keys(red.properties.series.items.properties)).toEqual(
      expect.arrayContaining(['rate', 'error_rate', 'p99_9_ms', 'points']),
    );
    expect((await query.get('/livez')).body).toEqual({ ok: true });
    expect((await query.get('/readyz')).body).toEqual({ ok: true });
    const metrics = (await query.metrics.expose()).body;
    expect(metrics).toContain('spanloom_query_requests_total{route="/api/traces/:id",code="200"');
    expect(metrics).not.toContain('xyz');
  });

  it('is 503 while ClickHouse is away, and well again after', async () => {
    await engines.kill('clickhouse');
    const { code, body } = await query.get('/api/services');
    expect(code).toBe(503);
    expect(body.errors[0].msg).toContain('CLICKHOUSE_URL');
    await engines.restart('clickhouse');
    expect((await query.get('/api/services')).body.data).toContain('front');
  }, 60_000);
});
