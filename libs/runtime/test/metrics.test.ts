import { createMetrics, LABEL_SETS_MAX } from '../src';

test('counters, gauges and histograms are exposed as Prometheus text', async () => {
  const metrics = createMetrics('demo');
  metrics.counter({ name: 'spanloom_demo_spans_total', help: 'Spans.' }).inc({}, 3);
  const lag = metrics.gauge({ name: 'spanloom_demo_lag', help: 'Lag.', labels: ['partition'] });
  lag.set({ partition: '0' }, 7);
  lag.set({ partition: '1' }, 8);
  lag.remove({ partition: '1' });
  metrics
    .histogram({ name: 'spanloom_demo_wait_seconds', help: 'Wait.', buckets: [0.1, 1] })
    .observe({}, 0.5);
  const { contentType, body } = await metrics.expose();
  expect(contentType).toContain('text/plain');
  expect(body).toContain('spanloom_demo_spans_total 3\n');
  expect(body).toContain('spanloom_demo_lag{partition="0"} 7\n');
  expect(body).not.toContain('partition="1"');
  expect(body).toContain('spanloom_demo_wait_seconds_bucket{le="1"} 1\n');
});

test('label sets are bounded: further ones are counted as other, and the folding is counted', async () => {
  const metrics = createMetrics('demo');
  const counter = metrics.counter({ name: 'demo_total', help: 'D.', labels: ['who', 'what'] });
  for (let n = 0; n < LABEL_SETS_MAX + 5; n++) counter.inc({ who: `w${n}`, what: 'x' });
  counter.inc({ who: 'w0', what: 'x' });
  const { body } = await metrics.expose();
  expect(body.match(/^demo_total\{/gm)).toHaveLength(LABEL_SETS_MAX + 1);
  expect(body).toContain('demo_total{who="other",what="other"} 5\n');
  expect(body).toContain('demo_total{who="w0",what="x"} 2\n');
  expect(body).toContain('spanloom_demo_label_sets_folded_total{metric="demo_total"} 5\n');
});

test('a removed label set makes room for another', async () => {
  const metrics = createMetrics('demo');
  const gauge = metrics.gauge({ name: 'demo', help: 'D.', labels: ['p'] });
  for (let n = 0; n < 3 * LABEL_SETS_MAX; n++) {
    gauge.set({ p: String(n) }, n);
    gauge.remove({ p: String(n) });
  }
  gauge.set({ p: 'last' }, 1);
  expect((await metrics.expose()).body).toContain('demo{p="last"} 1\n');
});

test('a name can be defined once', () => {
  const metrics = createMetrics('demo');
  metrics.counter({ name: 'demo_total', help: 'D.' });
  expect(() => metrics.gauge({ name: 'demo_total', help: 'D.' })).toThrow('demo_total');
});

test('definitions are kept for the reference page', () => {
  const metrics = createMetrics('demo');
  metrics.histogram({ name: 'demo_seconds', help: 'D.', labels: ['a'], buckets: [1] });
  expect(metrics.definitions().at(-1)).toEqual({
    type: 'histogram',
    name: 'demo_seconds',
    help: 'D.',
    labels: ['a'],
  });
});
