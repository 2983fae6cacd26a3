import { setTimeout as sleep } from 'node:timers/promises';
import { SUMMARY_QUANTILES } from '@spanloom/sketch';
import { startTestQuery } from '../query/running-query';
import {
  bySeries,
  type Exact,
  exactly,
  type KnownCall,
  type KnownLoad,
  knownLoad,
} from './known-spans';
import { type ReadingLine, startReadingLine } from './running-reads';
import { type ParsedFamily, type ParsedSample, parseExposition } from './text-format';

const BY = ['service', 'operation', 'kind'] as const;
const BY_STATUS = [...BY, 'status'] as const;
const WINDOWS = { '1m': 60, '5m': 300, '15m': 900, '60m': 3600 } as const;
/** The last pane's end: spans end before it, in the last 20 minutes. */
const END_S = Math.floor(Date.now() / 10_000) * 10;
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0';

/** As loose as JSON is: tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape, which the test then checks
type Json = any;

let line: ReadingLine;
let load: KnownLoad;

const api = async (path: string): Promise<Json> => {
  const answer = await fetch(`${line.urls[0]}${path}`);
  expect(`${path} ${answer.status}`).toBe(`${path} 200`);
  return answer.json();
};

async function scrape(url: string, accept = OPEN_METRICS) {
  const answer = await fetch(`${url}/metrics`, { headers: { accept } });
  expect(answer.status).toBe(200);
  const format = accept === OPEN_METRICS ? 'openmetrics' : 'prometheus';
  const type = answer.headers.get('content-type') ?? '';
  expect(type.split(';')[0]).toBe(accept.split(';')[0]);
  return parseExposition(await answer.text(), format);
}

const samplesOf = (families: ReadonlyMap<string, ParsedFamily>, name: string) =>
  families.get(name)?.samples ?? [];
const labelled = (samples: readonly ParsedSample[], suffix: string, ...labels: readonly string[]) =>
  new Map(
    samples
      .filter(({ name }) => name.endsWith(suffix))
      .map((sample) => [labels.map((label) => sample.labels[label]).join('|'), sample]),
  );

const number = async (sql: string): Promise<number> => {
  const [row] = await line.clickhouse.query<Record<string, unknown>>(sql);
  return Number(Object.values(row ?? {})[0]);
};

async function untilStored(loads: readonly KnownLoad[]): Promise<void> {
  const spans = exactly(loads.flatMap((one) => one.spans)).count;
  const calls = loads.reduce((sum, one) => sum + one.calls.length, 0);
  const end_ms = Date.now() + 90_000;
  for (;;) {
    const counted = await number('SELECT sum(Count) FROM latency_panes');
    const called = await number('SELECT sum(Calls) FROM service_edge_panes');
    // What views make of a block shows a moment later.
    const totals = [
      await number('SELECT sum(Count) FROM latency_totals'),
      await number('SELECT sum(Calls) FROM service_edge_totals'),
    ];
    if (counted === spans && called === calls && totals[0] === spans && totals[1] === calls) return;
    if (Date.now() > end_ms) {
      throw new Error(`counted ${counted} of ${spans} spans and ${called} of ${calls} calls`);
    }
    await sleep(200);
  }
}

const near = (value: number, exact: number): void => {
  expect(Math.abs(value - exact)).toBeLessThanOrEqual(1e-9 * Math.abs(exact));
};
const within1Percent = (value: number, exact: number): void => {
  expect(Math.abs(value - exact)).toBeLessThanOrEqual(0.01 * exact);
};

const QUANTILE_FIELDS = ['p50_ms', 'p75_ms', 'p90_ms', 'p95_ms', 'p99_ms', 'p99_9_ms'] as const;

/** One series as /api/latency and /api/red give it, against the spans themselves. */
function expectSeries(series: Json, exact: Exact, window_s: number): void {
  expect(series).toMatchObject({ count: exact.count, errors: exact.errors });
  expect(series.rate).toBe(exact.count / window_s);
  near(series.error_rate, exact.errors / exact.count);
  near(series.mean_ms, exact.sum_nano / exact.count / 1e6);
  expect(series.min_ms).toBe((exact.sorted[0] as number) / 1e6);
  expect(series.max_ms).toBe((exact.sorted.at(-1) as number) / 1e6);
  SUMMARY_QUANTILES.forEach((q, i) => {
    within1Percent(series[QUANTILE_FIELDS[i] as string], exact.quantile(q) / 1e6);
  });
}

const keyOf = (series: Json): string =>
  [series.service, series.operation, capital(series.kind), capital(series.status)]
    .filter((part) => part !== undefined)
    .join('|');
const capital = (word: string | undefined): string | undefined =>
  word && word.charAt(0).toUpperCase() + word.slice(1);

beforeAll(async () => {
  line = await startReadingLine(2);
  load = knownLoad(1, 2_000, END_S - 1_200, END_S);
  const half = load.traces.length / 2;
  await line.send(load.traces.slice(0, half));
  await sleep(1_500);
  // What is counted must not depend on who dies meanwhile.
  await Promise.all([line.kill('latency'), line.kill('sink')]);
  await line.send(load.traces.slice(half));
  await Promise.all([line.restart('latency'), line.restart('sink')]);
  await untilStored([load]);
}, 150_000);

afterAll(() => line?.stop(), 60_000);

describe.each(Object.entries(WINDOWS))('the last %s', (window, window_s) => {
  const range = { start_s: END_S - window_s, end_s: END_S };

  it('is the same in /api/latency, /api/red, SQL and Jaeger, and within 1 % of the spans', async () => {
    const groups = bySeries(load.spans, BY);
    const latency = await api(`/api/latency?window=${window}&at=${END_S}`);
    const red = await api(`/api/red?start=${range.start_s}&end=${END_S}`);
    expect(red.series).toEqual(latency.series);
    expect(latency.series).toHaveLength(groups.size);
    const rows = await line.clickhouse.query<Json>(
      `SELECT * FROM latency_by_operation(start_at = ${range.start_s}, end_at = ${END_S})`,
    );
    const sql = new Map(
      rows.map((row) => [`${row.ServiceName}|${row.SpanName}|${row.SpanKind}`, row]),
    );
    for (const series of latency.series) {
      const key = keyOf(series);
      expectSeries(series, exactly(groups.get(key) ?? [], range), window_s);
      const row = sql.get(key);
      expect([row.Count, row.Errors, row.RatePerS]).toEqual([
        series.count,
        series.errors,
        series.rate,
      ]);
      expect(row.Quantiles.map((nano: number) => nano / 1e6)).toEqual(
        QUANTILE_FIELDS.map((field) => series[field]),
      );
    }
    const jaeger = await jaegerAt(window_s);
    for (const series of latency.series.filter(({ kind }: Json) => kind === 'server')) {
      const point = jaeger.get(`${series.service}|${series.operation}`);
      expect(point).toEqual({
        p95: series.p95_ms,
        p99_9: series.p99_9_ms,
        calls: series.rate,
        errors: series.error_rate,
      });
    }
  });

  it('is the same for each status in /api/latency and SQL', async () => {
    const groups = bySeries(load.spans, BY_STATUS);
    const path = `/api/latency?window=${window}&at=${END_S}&by=${BY_STATUS.join(',')}`;
    const { series: all } = await api(path);
    const rows = await line.clickhouse.query<Json>(
      `SELECT * FROM latency_rolling(at = ${END_S}) WHERE WindowS = ${window_s}`,
    );
    expect(rows).toHaveLength(all.length);
    const sql = new Map(
      rows.map((row) => [
        `${row.ServiceName}|${row.SpanName}|${row.SpanKind}|${row.StatusCode}`,
        row,
      ]),
    );
    for (const series of all) {
      const key = keyOf(series);
      expectSeries(series, exactly(groups.get(key) ?? [], range), window_s);
      expect(sql.get(key).P99Nano / 1e6).toBe(series.p99_ms);
    }
  });
});

/** Jaeger's numbers of every server operation at END_S, looking back over the window. */
async function jaegerAt(window_s: number): Promise<ReadonlyMap<string, object>> {
  const services = 'service=front&service=cart&service=mail';
  const asked = `${services}&groupByOperation=true&endTs=${END_S * 1000}&lookback=60000&step=60000&ratePer=${window_s * 1000}`;
  const last = async (path: string): Promise<ReadonlyMap<string, number>> => {
    const family = await api(`/jaeger/api/metrics/${path}${asked}`);
    return new Map(
      family.metrics.map(({ labels, metricPoints }: Json) => [
        `${labels[1].value}|${labels[0].value}`,
        metricPoints.at(-1).gaugeValue.doubleValue,
      ]),
    );
  };
  const [p95, p99_9, calls, errors] = await Promise.all([
    last('latencies?quantile=0.95&'),
    last('latencies?quantile=0.999&'),
    last('calls?'),
    last('errors?'),
  ]);
  return new Map(
    [...calls].map(([key, value]) => [
      key,
      { p95: p95.get(key), p99_9: p99_9.get(key), calls: value, errors: errors.get(key) },
    ]),
  );
}

it('each minute is the same in /api/red, SQL and Jaeger', async () => {
  const start_s = END_S - 600;
  const filter = 'service=front&operation=POST+/checkout&kind=server';
  const red = await api(`/api/red?${filter}&start=${start_s}&end=${END_S}&step=1m`);
  expect(red).toMatchObject({ step_s: 60, truncated: false });
  const [{ points }] = red.series;
  expect(points).toHaveLength(10);
  const spans = bySeries(load.spans, BY).get('front|POST /checkout|Server') ?? [];
  const rows = await line.clickhouse.query<Json>(
    `SELECT toUnixTimestamp(Time) AS at, sum(Count) AS n FROM latency_over_time(start_at = ${start_s}, end_at = ${END_S}, step_s = 10)
     WHERE ServiceName = 'front' AND SpanName = 'POST /checkout' AND SpanKind = 'Server' GROUP BY at`,
  );
  const asked = `service=front&endTs=${END_S * 1000}&lookback=540000&step=60000&ratePer=60000&groupByOperation=true`;
  const family = await api(`/api/metrics/latencies?quantile=0.95&${asked}`);
  expect(family).toMatchObject({ name: 'service_operation_latencies', type: 'GAUGE' });
  const checkout = family.metrics.find(({ labels }: Json) => labels[0].value === 'POST /checkout');
  expect(checkout.metricPoints).toHaveLength(10);
  points.forEach((point: Json, i: number) => {
    const begin_s = start_s + i * 60;
    expect(Date.parse(point.start)).toBe(begin_s * 1000);
    expectSeries(point, exactly(spans, { start_s: begin_s, end_s: begin_s + 60 }), 60);
    expect(checkout.metricPoints[i]).toEqual({
      gaugeValue: { doubleValue: point.p95_ms },
      timestamp: new Date((begin_s + 60) * 1000).toISOString(),
    });
    const inMinute = rows.filter(({ at }) => at >= begin_s && at < begin_s + 60);
    expect(inMinute.reduce((sum, { n }) => sum + n, 0)).toBe(point.count);
  });
});

describe('for Prometheus', () => {
  it('rolling percentiles are those of /api/latency', async () => {
    const families = await scrape(line.urls[0]);
    const [end] = samplesOf(families, 'spanloom_latency_window_end_timestamp_seconds');
    const end_s = end?.value as number;
    const { series: all } = await api(`/api/latency?window=5m&at=${end_s}`);
    expect(all.length).toBe(bySeries(load.spans, BY).size);
    const gauges = labelled(
      samplesOf(families, 'spanloom_latency_seconds'),
      '',
      ...['service', 'span_name', 'span_kind', 'quantile'],
    );
    expect(gauges.size).toBe(all.length * SUMMARY_QUANTILES.length);
    const groups = bySeries(load.spans, BY);
    for (const series of all) {
      const exact = exactly(groups.get(keyOf(series)) ?? [], { start_s: end_s - 300, end_s });
      SUMMARY_QUANTILES.forEach((q, i) => {
        const kind = `SPAN_KIND_${series.kind.toUpperCase()}`;
        const gauge = gauges.get(`${series.service}|${series.operation}|${kind}|${q}`);
        near(gauge?.value as number, series[QUANTILE_FIELDS[i] as string] / 1000);
        within1Percent(gauge?.value as number, exact.quantile(q) / 1e9);
      });
    }
  });

  it.each([
    ['traces_spanmetrics_calls', 'traces_spanmetrics_latency', 'service', 1e9],
    ['traces_span_metrics_calls', 'traces_span_metrics_duration_milliseconds', 'service_name', 1e6],
  ])('%s and %s count every span', async (calls, durations, service, perNano) => {
    const families = await scrape(line.urls[0]);
    const names = [service, 'span_name', 'span_kind', 'status_code'];
    const counters = labelled(samplesOf(families, calls), '_total', ...names);
    const sums = labelled(samplesOf(families, durations), '_sum', ...names);
    const buckets = samplesOf(families, durations).filter(({ name }) => name.endsWith('_bucket'));
    const groups = bySeries(load.spans, BY_STATUS);
    expect(counters.size).toBe(groups.size);
    const durationById = new Map(
      load.spans.map(({ span }) => [span.traceId + span.spanId, Number(span.durationNano)]),
    );
    for (const [key, spans] of groups) {
      const [name, operation, kind, status] = key.split('|') as [string, string, string, string];
      const labels = `${name}|${operation}|SPAN_KIND_${kind.toUpperCase()}|STATUS_CODE_${status.toUpperCase()}`;
      const exact = exactly(spans);
      const counter = counters.get(labels);
      expect(counter?.value).toBe(exact.count);
      near((sums.get(labels)?.value as number) * perNano, exact.sum_nano);
      const own = buckets.filter(
        (one) => names.map((label) => one.labels[label]).join('|') === labels,
      );
      expect(own.length).toBeGreaterThan(20);
      for (const {
        labels: { le },
        value,
      } of own) {
        const nano = Number((le as string).replace('Inf', 'Infinity')) * perNano;
        const upTo = (bound: number) => exact.sorted.filter((one) => one <= bound).length;
        expect(value).toBeGreaterThanOrEqual(upTo(nano * (1 - 1 / 128)));
        expect(value).toBeLessThanOrEqual(upTo(nano * (1 + 1 / 128)));
      }
      const exemplars = [counter, ...own].flatMap((one) => one?.exemplar ?? []);
      expect(exemplars).toHaveLength(2);
      for (const { labels: ids, value } of exemplars) {
        near(value * perNano, durationById.get(`${ids.trace_id}${ids.span_id}`) as number);
      }
    }
  });

  it('the older text format says the same, without exemplars', async () => {
    const [open, plain] = [await scrape(line.urls[0]), await scrape(line.urls[0], 'text/plain')];
    const total = (samples: readonly ParsedSample[]) =>
      samples.reduce((sum, { value }) => sum + value, 0);
    const calls = samplesOf(plain, 'traces_spanmetrics_calls_total');
    expect(total(calls)).toBe(total(samplesOf(open, 'traces_spanmetrics_calls')));
    expect(total(calls)).toBe(exactly(load.spans).count);
  });
});

it('the service graph is the same in Prometheus, /api/service-graph, Jaeger and SQL', async () => {
  const families = await scrape(line.urls[0]);
  const range = `endTs=${(END_S + 60) * 1000}&lookback=3600000`;
  const graph = await api(`/api/service-graph?${range}`);
  const { data: links } = await api(`/api/dependencies?${range}`);
  const rows = await line.clickhouse.query<Json>(
    `SELECT * FROM service_graph(start_at = ${END_S - 3600}, end_at = ${END_S + 60})`,
  );
  const steps = await line.clickhouse.query<Json>(
    `SELECT * FROM service_graph_over_time(start_at = ${END_S - 3600}, end_at = ${END_S + 60}, step_s = 300)`,
  );
  const prom = (name: string, suffix: string, type: string, calls: readonly KnownCall[]) => {
    const { client, server } = calls[0] as KnownCall;
    const samples = labelled(
      samplesOf(families, name),
      suffix,
      'client',
      'server',
      'connection_type',
    );
    return samples.get(`${client}|${server}|${type}`)?.value;
  };
  const edges = new Map<string, KnownCall[]>();
  for (const call of load.calls) {
    edges.set(call.server, [...(edges.get(call.server) ?? []), call]);
  }
  expect(edges.size).toBe(3);
  expect([graph.edges.length, links.length, rows.length]).toEqual([3, 3, 3]);
  for (const [server, calls] of edges) {
    const type = (calls[0] as KnownCall).type;
    const failed = calls.filter((call) => call.failed).length;
    expect(prom('traces_service_graph_request', '_total', type, calls)).toBe(calls.length);
    expect(prom('traces_service_graph_request_failed', '_total', type, calls)).toBe(failed);
    const edge = graph.edges.find((one: Json) => one.server === server);
    expect(edge).toMatchObject({ connection_type: type, calls: calls.length, failed });
    expect(links.find((one: Json) => one.child === server).callCount).toBe(calls.length);
    const row = rows.find((one) => one.Server === server);
    expect([row.ConnectionType, row.Calls, row.Failed]).toEqual([type, calls.length, failed]);
    const inSteps = steps.filter((one) => one.Server === server);
    expect(inSteps.length).toBeGreaterThanOrEqual(4);
    expect(inSteps.reduce((sum, one) => sum + one.Calls, 0)).toBe(calls.length);
    for (const side of ['client', 'server'] as const) {
      const nanos = calls.flatMap((call) => call[`${side}Nano`] ?? []).sort((a, b) => a - b);
      const family = `traces_service_graph_request_${side}_seconds`;
      // Grafana wants durations of a database too: those that its callers saw.
      const exposed = side === 'server' && type === 'database' ? calls.length : nanos.length;
      expect(prom(family, '_count', type, calls) ?? 0).toBe(exposed);
      const seen = edge[`seen_by_${side}`];
      if (nanos.length === 0) {
        expect(seen.p95_ms).toBeNull();
        continue;
      }
      const p95 = nanos[Math.ceil(nanos.length * 0.95) - 1] as number;
      within1Percent(seen.p95_ms, p95 / 1e6);
      const quantiles = side === 'client' ? row.ClientQuantilesNano : row.ServerQuantilesNano;
      expect(quantiles[1] / 1e6).toBe(seen.p95_ms);
      near(prom(family, '_sum', type, calls) as number, nanos.reduce((a, b) => a + b, 0) / 1e9);
    }
  }
});

it('counters never fall: two copies, one of them killed, while more and older spans come', async () => {
  const before = new Map<string, number>();
  const look = async (url: string): Promise<void> => {
    const families = await scrape(url);
    for (const { name: family, type, samples } of families.values()) {
      if (type === 'gauge') continue;
      for (const { name, labels, value } of samples) {
        const key = JSON.stringify([family, name, labels]);
        if (name.endsWith('_sum'))
          expect(value).toBeGreaterThanOrEqual((before.get(key) ?? 0) - 1e-6);
        else expect(value).toBeGreaterThanOrEqual(before.get(key) ?? 0);
        before.set(key, value);
      }
    }
  };
  for (const url of line.urls) await look(url);
  const older = knownLoad(2, 500, END_S - 90_000, END_S - 89_000);
  await line.send(older.traces);
  const stored = untilStored([load, older]);
  for (let i = 0; i < 6; i++) await look(line.urls[(i % 2) as 0 | 1]);
  await line.kill('query');
  await look(line.urls[1]);
  await line.restart('query');
  await stored;
  for (const url of line.urls) await look(url);
  const families = await scrape(line.urls[0]);
  const total = samplesOf(families, 'traces_spanmetrics_calls').reduce(
    (sum, { value }) => sum + value,
    0,
  );
  expect(total).toBe(exactly([...load.spans, ...older.spans]).count);
}, 120_000);

it('what has no place is counted under "other", per service and in all', async () => {
  const query = await startTestQuery(process.env.CLICKHOUSE_URL as string, {
    ...line.database,
    SPANLOOM_METRICS_SERIES_MAX: '5',
    SPANLOOM_METRICS_SERIES_PER_SERVICE_MAX: '3',
    SPANLOOM_METRICS_EDGES_MAX: '1',
    SPANLOOM_METRICS_CACHE_MS: '0',
  });
  try {
    const [bounded, whole] = [await scrape(query.url), await scrape(line.urls[0])];
    const calls = samplesOf(bounded, 'traces_spanmetrics_calls');
    const shown = calls.filter(({ labels }) => labels.span_name !== 'other');
    expect(shown).toHaveLength(5);
    for (const service of new Set(shown.map(({ labels }) => labels.service))) {
      expect(shown.filter(({ labels }) => labels.service === service).length).toBeLessThanOrEqual(
        3,
      );
    }
    const others = calls.filter(({ labels }) => labels.span_name === 'other');
    expect(others.map(({ labels }) => labels.service)).toContain('front');
    const total = (families: typeof whole, name: string) =>
      samplesOf(families, name).reduce((sum, { value }) => sum + value, 0);
    for (const name of ['traces_spanmetrics_calls', 'traces_service_graph_request']) {
      expect(total(bounded, name)).toBe(total(whole, name));
    }
    expect(
      samplesOf(bounded, 'traces_service_graph_request').map(({ labels }) => labels.client),
    ).toContain('other');
    // Who comes later, and be it with most spans and first in the alphabet, takes nobody's place.
    await line.clickhouse.command(
      `INSERT INTO latency_panes SELECT 'a', 'a', 'Server', 'Unset', ${END_S}, 1000000, 0, 1e9, 1e3, 1e3,
       map(toInt16(100), toUInt64(1000000)), (1e3, 'aa', 'bb'), now(), map(toUInt16(0), toUInt64(1))`,
    );
    const after = samplesOf(await scrape(query.url), 'traces_spanmetrics_calls');
    expect(after.filter(({ labels }) => labels.span_name !== 'other')).toEqual(shown);
    const sum = (samples: readonly ParsedSample[]) =>
      samples.reduce((n, { value }) => n + value, 0);
    expect(sum(after)).toBe(sum(calls) + 1_000_000);
    const { body } = await query.metrics.expose();
    expect(body).toMatch(/spanloom_query_folded_series\{of="series"\} [1-9]/);
    expect(body).toContain('spanloom_query_folded_series{of="edges"} 2');
  } finally {
    await query.stop();
  }
});
