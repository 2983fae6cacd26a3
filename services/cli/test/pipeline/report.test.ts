import { pipelineText } from '../../src/pipeline/report';

const ledger = {
  CarriedIn: 0,
  Received: 12,
  Stored: 10,
  Duplicates: 1,
  DeadLettered: 0,
  SampledOut: 0,
  OpenSpans: 1,
  Missing: 0,
  Total: 10,
  RatePercent: 100,
};
const question = { start_s: 1_800_000_000, end_s: 1_800_003_600, services_max: 20 };

test('figures are shown by service, and over all', () => {
  const text = pipelineText({
    question,
    ledger,
    capture: [
      {
        Overall: 0,
        ServiceName: 'shop',
        Processes: 2,
        Total: 50,
        Dropped: 4,
        Captured: 40,
        Unreported: 0,
        Missing: 6,
        RatePercent: 80,
      },
      {
        Overall: 1,
        ServiceName: '',
        Processes: 2,
        Total: 50,
        Dropped: 4,
        Captured: 40,
        Unreported: 0,
        Missing: 6,
        RatePercent: 80,
      },
    ],
    delays: [
      {
        Figure: 'transfer',
        Leg: 'gateway',
        Overall: 1,
        ServiceName: '',
        Count: 40,
        Clamped: 0,
        MeanMs: 3.139,
        P50Ms: 3,
        P90Ms: 12.34,
        P99Ms: 99.9,
        MaxMs: 1234.5,
      },
    ],
  });
  expect(text.split('\n')).toEqual([
    'Data capture rate, 2027-01-15T08:00Z to 2027-01-15T09:00Z',
    '',
    'service  processes  total  dropped  captured  unreported  missing     rate',
    '-------  ---------  -----  -------  --------  ----------  -------  -------',
    'shop             2     50        4        40           0        6  80.00 %',
    'all              2     50        4        40           0        6  80.00 %',
    '',
    'Inside the pipeline: 10 of 10 distinct spans received are stored (100.00 %); 1 are open, 0 dead-lettered, 0 missing',
    '',
    'Delays, ms, 2027-01-15T08:00Z to 2027-01-15T09:00Z',
    '',
    'delay     leg      service  count  mean   p50   p90   p99   max  clamped',
    '--------  -------  -------  -----  ----  ----  ----  ----  ----  -------',
    'transfer  gateway  all         40  3.14  3.00  12.3  99.9  1235        0',
  ]);
});

test('what nobody reported is unknown, and an empty range says so', () => {
  const empty = { ...ledger, RatePercent: null, Total: 0, Stored: 0 };
  const text = pipelineText({ question, ledger: empty, capture: [], delays: [] });
  expect(text).toContain('(nothing yet)');
  expect(text).toContain('(unknown)');
});
