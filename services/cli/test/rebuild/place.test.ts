import { offsetOf, parsePlace } from '../../src/rebuild/place';
import { shadowNames } from '../../src/rebuild/tables';

const range = { partition: 3, low: 100, high: 900 };
const log = {
  offsetAt: async (unix_ms: number) => (unix_ms > 5_000_000_000_000 ? null : 400),
  read: async () => undefined,
};

test.each([
  ['start', 100],
  ['end', 900],
  ['offset:250', 250],
  ['offset:7', 100],
  ['offset:90000', 900],
  ['offset:0=5,3=777', 777],
  ['offset:0=5,1=777', null],
  ['2026-05-01T10:00:00Z', 400],
  ['1777629600000', 400],
  ['2200-01-01', 900],
])('%s is offset %s, within what the log has', async (text, offset) => {
  expect(await offsetOf(parsePlace('--from', text), range, log)).toBe(offset);
});

test.each(['', 'yesterday', '1777629600', 'offset:-1', 'offset:1=', '2026', 'offset:1,2'])(
  '"%s" is refused with what a place looks like',
  (text) => expect(() => parsePlace('--from', text)).toThrow(/--from: .*"start", "end", a time/),
);

test.each(['X', 'a-b', '9a', 'a;b', '', 'a'.repeat(33)])('"%s" is no suffix', (suffix) =>
  expect(() => shadowNames(suffix)).toThrow(/--into/),
);
