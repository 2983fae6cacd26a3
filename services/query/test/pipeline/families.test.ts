import { pipelineFamilies } from '../../src/pipeline/families';
import type { PipelineFigures } from '../../src/pipeline/figures';
import { figuresAnswer } from '../../src/pipeline/figures';
import { exposition } from '../../src/prometheus/exposition';

const times = {
  mean_ms: 20,
  min_ms: 10,
  max_ms: 30,
  p50_ms: 20,
  p75_ms: 22,
  p90_ms: 25,
  p95_ms: 27,
  p99_ms: 29,
  p999_ms: 30,
};
const capture = { processes: 1, total: 10, dropped: 1, captured: 8, unreported: 0, missing: 1 };

const figures: PipelineFigures = {
  range: { start_s: 60, end_s: 120, services_max: 5 },
  capture: [
    { overall: 0, service: 'a "b"\\\n', ...capture, rate_percent: 80 },
    { overall: 0, service: 'silent', ...capture, total: 0, rate_percent: null },
    { overall: 1, service: '', ...capture, rate_percent: 80 },
  ],
  delays: [
    { figure: 'transfer', leg: 'gateway', overall: 1, service: '', count: 8, clamped: 2, ...times },
  ],
  ledger: {
    carried_in: 0,
    received: 0,
    stored: 0,
    duplicates: 0,
    dead_lettered: 0,
    sampled_out: 0,
    open: 0,
    missing: 0,
    total: 0,
    rate_percent: null,
  },
};

test('texts are escaped, unknown rates left out, and times are in seconds', () => {
  const lines = exposition(pipelineFamilies(figures), 'prometheus').split('\n');
  expect(lines).toContain('spanloom_pipeline_capture_ratio{service="a \\"b\\"\\\\\\n"} 0.8');
  expect(lines).toContain('spanloom_pipeline_capture_ratio{service=""} 0.8');
  expect(lines.filter((line) => line.includes('silent') && line.includes('ratio'))).toEqual([]);
  expect(lines).toContain(
    'spanloom_pipeline_delay_seconds{figure="transfer",leg="gateway",service="",quantile="0.99"} 0.029',
  );
  expect(lines).toContain(
    'spanloom_pipeline_delay_clamped{figure="transfer",leg="gateway",service=""} 2',
  );
  expect(lines.some((line) => line.startsWith('spanloom_pipeline_ledger_ratio'))).toBe(false);
});

test('every sample is of a family that is described before it', () => {
  let described = '';
  for (const line of exposition(pipelineFamilies(figures), 'prometheus').split('\n')) {
    if (line.startsWith('# TYPE ')) described = line.split(' ')[2] ?? '';
    else if (line !== '' && !line.startsWith('#')) expect(line.startsWith(described)).toBe(true);
  }
});

test('the answer has every leg, known or not, and what is not known is null', () => {
  expect(figuresAnswer(figures)).toMatchObject({
    start: '1970-01-01T00:01:00.000Z',
    capture: { overall: { rate_percent: 80 }, services: [{}, { rate_percent: null }] },
    transfer: { producer: { overall: null, services: [] }, gateway: { overall: { count: 8 } } },
    storage: { whole: { overall: null }, closed: { overall: null } },
    analysis: { all: { overall: null, services: [] } },
  });
});
