import { DelayBook, readReport } from '@spanloom/figures';
import type { KafkaRecord } from '@spanloom/kafka';
import { createDirectReports, hasReport } from '../src/direct-reports';

const record = (headers: Readonly<Record<string, string>>): KafkaRecord => ({
  offset: 0,
  timestampMs: 1_700_000_005_000,
  key: null,
  value: null,
  headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, Buffer.from(v)])),
});

function setUp() {
  const written = new DelayBook();
  const reports: string[] = [];
  let flushes = 0;
  const state = { hasCounters: false };
  const direct = createDirectReports({
    report(service, texts) {
      reports.push(`${service} ${JSON.stringify(texts)}`);
      return readReport(texts);
    },
    merge(panes) {
      for (const pane of panes) written.merge(pane);
    },
    async flush() {
      flushes++;
      return true;
    },
    get hasCounters() {
      return state.hasCounters;
    },
  });
  return { direct, reports, state, taken: () => written.take(), flushes: () => flushes };
}

test('a record that names no service carries no report', () => {
  expect(hasReport(record({ tick: '1' }))).toBe(false);
  expect(hasReport(record({ 'service.name': 'cart' }))).toBe(true);
});

test('delays are held back until what they came from is committed, and given once', () => {
  const { direct, taken } = setUp();
  const sent = { 'service.name': 'cart', 'spanloom.sent_at_unix_ms': '1700000004600' };
  direct.read(record(sent), 12, 0);
  expect(taken()).toEqual([]);
  direct.afterCommit();
  direct.afterCommit();
  expect(taken()).toMatchObject([
    { figure: 'transfer', leg: 'producer', service: 'cart', count: 12, min: 400e6, max: 400e6 },
  ]);
});

test('the batch may say when it was sent, and the header before it', () => {
  const { direct, taken } = setUp();
  direct.read(record({ 'service.name': 'cart' }), 1, 1_700_000_004_900);
  direct.read(record({ 'service.name': 'cart' }), 1, 0);
  direct.read(
    record({ 'service.name': 'cart', 'spanloom.sent_at_unix_ms': '1700000004000' }),
    1,
    1,
  );
  direct.afterCommit();
  expect(taken()).toMatchObject([{ count: 2, min: 100e6, max: 1000e6 }]);
});

test('of the headers only those of a report are read, and counters are on Kafka before a commit', async () => {
  const { direct, reports, state, flushes } = setUp();
  direct.read(record({ 'service.name': 'cart', 'spanloom.spans.ended': '3', other: 'x' }), 0, 0);
  expect(reports).toEqual(['cart {"spanloom.spans.ended":"3"}']);
  await direct.beforeCommit();
  expect(flushes()).toBe(0);
  state.hasCounters = true;
  await direct.beforeCommit();
  expect(flushes()).toBe(1);
});
