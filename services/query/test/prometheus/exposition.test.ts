import { exposition, type Family, formatFor } from '../../src/prometheus/exposition';

const FAMILIES: readonly Family[] = [
  {
    name: 'calls',
    type: 'counter',
    help: 'Spans.',
    samples: () => [
      {
        suffix: '_total',
        labels: [['service', 'a\\b "c"\nd']],
        value: 12_345_678_901,
        exemplar: { traceId: 'aa', spanId: 'bb', value: 0.5, at_s: 1_700_000_000 },
      },
    ],
  },
  {
    name: 'latency',
    type: 'histogram',
    help: 'Durations.',
    samples: () => [
      { suffix: '_bucket', labels: [], le: 0.5, value: 1 },
      { suffix: '_bucket', labels: [], le: 1, value: 2 },
      { suffix: '_bucket', labels: [], le: Number.POSITIVE_INFINITY, value: 3 },
    ],
  },
];

describe('exposition', () => {
  it('writes the format of Prometheus', () => {
    expect(exposition(FAMILIES, 'prometheus').split('\n')).toEqual([
      '# HELP calls_total Spans.',
      '# TYPE calls_total counter',
      'calls_total{service="a\\\\b \\"c\\"\\nd"} 12345678901',
      '# HELP latency Durations.',
      '# TYPE latency histogram',
      'latency_bucket{le="0.5"} 1',
      'latency_bucket{le="1"} 2',
      'latency_bucket{le="+Inf"} 3',
      '',
    ]);
  });

  it('writes OpenMetrics', () => {
    expect(exposition(FAMILIES, 'openmetrics').split('\n')).toEqual([
      '# HELP calls Spans.',
      '# TYPE calls counter',
      'calls_total{service="a\\\\b \\"c\\"\\nd"} 12345678901 # {trace_id="aa",span_id="bb"} 0.5 1700000000',
      '# HELP latency Durations.',
      '# TYPE latency histogram',
      'latency_bucket{le="0.5"} 1',
      'latency_bucket{le="1.0"} 2',
      'latency_bucket{le="+Inf"} 3',
      '# EOF',
      '',
    ]);
  });
});

describe('format', () => {
  it.each([
    [undefined, 'prometheus'],
    ['*/*', 'prometheus'],
    ['text/html', 'prometheus'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=0.0.1', 'prometheus'],
    [
      // Prometheus 3
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    [
      // Prometheus 2 without exemplar storage
      'text/plain;version=0.0.4;q=1,*/*;q=0.1',
      'prometheus',
    ],
    ['text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5', 'prometheus'],
    ['application/openmetrics-text;q=0', 'prometheus'],
  ])('for %s is %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});
