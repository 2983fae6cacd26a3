import { type Delay, readReport } from '@spanloom/figures';
import { createTransferFigures } from '../src/transfer-figures';

function setUp() {
  const delays: Delay[] = [];
  const told: number[] = [];
  const figures = createTransferFigures({
    report: (_service, texts) => readReport(texts),
    delay: (delay) => delays.push(delay),
    tooMany: (reports) => told.push(reports),
    flush: async () => true,
  });
  return { figures, delays, told };
}

test('all spans of a resource count with what is known: its send, and always its receipt', () => {
  const { figures, delays } = setUp();
  const report = { 'spanloom.sent_at_unix_ms': '1000' };
  const all = [
    { service: 'a', report, spans: 7 },
    { service: 'b', report: null, spans: 2 },
    { service: 'c', report: { 'spanloom.sent_at_unix_ms': 'soon' }, spans: 1 },
  ];
  const transfers = figures.report({ all, dropped: 0 });
  // The groups are reused by the next request, which may come before Kafka answers.
  all.length = 0;
  figures.appended(transfers, 1_400, 1_500);
  expect(
    delays.map(({ leg, service, delay_ms, count }) => [leg, service, delay_ms, count]),
  ).toEqual([
    ['gateway', 'a', 100, 7],
    ['producer', 'a', 500, 7],
    ['gateway', 'b', 100, 2],
    ['gateway', 'c', 100, 1],
  ]);
});

test('reports for which there was no room are told of', () => {
  const { figures, told } = setUp();
  figures.report({ all: [], dropped: 3 });
  expect(told).toEqual([3]);
});
