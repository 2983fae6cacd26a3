import { createManualClock } from '@spanloom/runtime';
import { metricRequestOf } from '../../src/routes/jaeger-metrics-parameters';
import { latencyRequestOf } from '../../src/routes/latency-parameters';
import { createParameters } from '../../src/routes/parameters';
import { redRequestOf } from '../../src/routes/red-parameters';
import { searchOf } from '../../src/routes/search-parameters';

function searchFrom(query: object) {
  const parameters = createParameters(query);
  return { search: searchOf(parameters), problems: parameters.problems };
}

function latencyFrom(query: object) {
  const parameters = createParameters(query);
  return { request: latencyRequestOf(parameters), problems: parameters.problems };
}

describe('parameters of a search', () => {
  it('reads all of them', () => {
    const { search, problems } = searchFrom({
      service: "o'cart",
      operation: '',
      tags: '{"a":"b","n":5}',
      tag: ['c:d:e', 'error:true'],
      start: '1',
      end: '9223372036000000',
      minDuration: '1ms',
      limit: '1500',
    });
    expect(problems).toEqual([]);
    expect(search).toEqual({
      service: "o'cart",
      operation: undefined,
      tags: [
        ['a', 'b'],
        ['n', '5'],
        ['c', 'd:e'],
        ['error', 'true'],
      ],
      startNano: 1000n,
      endNano: 9_223_372_036_000_000_000n,
      minNano: 1_000_000n,
      maxNano: undefined,
      limit: 1500,
    });
  });

  it.each([
    [{ limit: '1501' }, /^limit is "1501", but should be a whole number from 1 to 1500$/],
    [{ limit: '1e2' }, /^limit/],
    [{ limit: ['1', '2'] }, /^limit is given 2 times/],
    [{ start: '-1' }, /^start/],
    [{ end: '9999999999999999' }, /^end/],
    [{ start: '2', end: '1' }, /^start is after end/],
    [{ minDuration: '2s', maxDuration: '1s' }, /^minDuration is longer/],
    [{ tags: '[1]' }, /^tags should be a JSON object/],
    [{ tags: '{"a":{}}' }, /^tags should be a JSON object/],
    [{ tag: ':x' }, /^tag should be key:value/],
    [{ tag: Array.from({ length: 33 }, (_, i) => `k${i}:v`) }, /more than 32 tags/],
    [{ maxDuration: 'x'.repeat(5000) }, /^maxDuration is "x{100}…"/],
  ])('says what is wrong with %j', (query, message) => {
    const { problems } = searchFrom(query);
    expect(problems).toEqual([expect.stringMatching(message)]);
  });

  it('says everything at once', () => {
    expect(searchFrom({ limit: '0', start: 'x', tags: '{' }).problems).toHaveLength(3);
  });
});

describe('parameters of latency', () => {
  it.each([
    ['2024-05-01T10:00:00Z', 1_714_557_600],
    ['2024-05-01T12:00:00.5+02:00', 1_714_557_600],
    ['1714557600', 1_714_557_600],
    ['1714557600123', 1_714_557_600],
  ])('reads at=%s', (at, at_s) => {
    const { request, problems } = latencyFrom({ at, window: '15m', kind: 'server' });
    expect(problems).toEqual([]);
    expect(request).toMatchObject({ at_s, window: { seconds: 900 }, filter: { kind: 'Server' } });
  });

  it.each([
    { window: '7m' },
    { window: 'constructor' },
    { at: 'yesterday' },
    { at: '2024-05-01T10:00:00' },
    { at: '2024-13-01T10:00:00Z' },
    { at: '9999999999999' },
    { kind: 'servant' },
    { limit: '10001' },
  ])('turns down %j', (query) => {
    expect(latencyFrom(query).problems).toHaveLength(1);
  });
});

function redFrom(query: object) {
  const parameters = createParameters(query);
  return { request: redRequestOf(parameters), problems: parameters.problems };
}

describe('parameters of rate, errors, duration', () => {
  it('reads a range, drawn down to whole panes, and steps', () => {
    const { request, problems } = redFrom({
      start: '1700000005',
      end: '2023-11-14T23:13:29Z',
      step: '5m',
      by: 'status, service',
      status: 'ERROR',
    });
    expect(problems).toEqual([]);
    expect(request).toEqual({
      filter: { service: undefined, operation: undefined, kind: undefined, status: 'Error' },
      by: ['service', 'status'],
      over: { range: { start_s: 1_700_000_000, end_s: 1_700_003_600 } },
      step_s: 300,
      series_max: 100,
    });
  });

  it('reads a window', () => {
    const { request, problems } = redFrom({ window: '15m' });
    expect(problems).toEqual([]);
    expect(request).toMatchObject({
      by: ['service', 'operation', 'kind'],
      over: { window: { name: '15m', seconds: 900 }, at_s: undefined },
      step_s: null,
    });
  });

  it.each([
    { start: '1' },
    { end: '1' },
    { start: '1', end: '100', window: '5m' },
    { start: '1', end: '100', at: '5' },
    { start: '100', end: '101' },
    { start: 'then', end: '100' },
    { step: '15s' },
    { step: '0' },
    { step: '7' },
    { start: '0', end: '100000', step: '10s' },
    { window: '60m', step: '10s', limit: '1000' },
    { by: 'service,colour' },
    { by: 'service,service' },
    { status: 'fine' },
    { limit: '0' },
  ])('turns down %j', (query) => {
    expect(redFrom(query).problems).toHaveLength(1);
  });
});

function metricsFrom(query: object, kind: 'latencies' | 'calls' = 'calls') {
  const parameters = createParameters(query);
  const request = metricRequestOf(parameters, kind, createManualClock(1_700_000_005_000));
  return { request, problems: parameters.problems };
}

describe("parameters of Jaeger's metrics", () => {
  it('has the defaults of Jaeger', () => {
    const { request, problems } = metricsFrom({ service: 'cart' });
    expect(problems).toEqual([]);
    const { times, range, ...rest } = request;
    expect(rest).toEqual({
      kind: 'calls',
      services: ['cart'],
      kinds: ['Server'],
      quantile: 0,
      byOperation: false,
    });
    expect(times.points).toHaveLength(721);
    expect(times.points[0]?.at_ms).toBe(1_699_996_405_000);
    expect(times.points.at(-1)?.at_ms).toBe(1_700_000_005_000);
    expect(times.slot_s * times.window_slots).toBe(600);
    expect(range.end_s).toBe(1_700_000_000);
  });

  it('reads all of them', () => {
    const { request, problems } = metricsFrom(
      {
        service: ['cart', 'pay'],
        spanKind: ['client', 'SPAN_KIND_CONSUMER'],
        quantile: '.95',
        groupByOperation: 'true',
        endTs: '1700000000000',
        lookback: '600000',
        step: '60000',
        ratePer: '120000',
      },
      'latencies',
    );
    expect(problems).toEqual([]);
    expect(request).toMatchObject({
      services: ['cart', 'pay'],
      kinds: ['Client', 'Consumer'],
      quantile: 0.95,
      byOperation: true,
      range: { end_s: 1_700_000_000 },
      times: { slot_s: 60, window_slots: 2 },
    });
  });

  it.each([
    [{}, 'calls'],
    [{ service: 'a' }, 'latencies'],
    [{ service: 'a', quantile: '1.5' }, 'latencies'],
    [{ service: 'a', quantile: 'NaN' }, 'latencies'],
    [{ service: 'a', spanKind: 'x' }, 'calls'],
    [{ service: 'a', groupByOperation: 'maybe' }, 'calls'],
    [{ service: 'a', step: '0' }, 'calls'],
    [{ service: 'a', step: '1', lookback: '11000' }, 'calls'],
    [{ service: 'a', endTs: 'now' }, 'calls'],
    [{ service: Array.from({ length: 101 }, (_, i) => `s${i}`) }, 'calls'],
  ] as const)('turns down %j for %s', (query, kind) => {
    expect(metricsFrom(query, kind).problems).toHaveLength(1);
  });
});
