import { demoLines, whereToLook } from '../../src/demo/display';
import { sumSeries } from '../../src/demo/pulse';

const COUNTS = {
  seconds: 12.4,
  spansPerSecond: 1234.5,
  spansSent: 20_000,
  tracesFinished: 700,
  spansStored: 15_000,
  endToEndP50Ms: 3100,
  endToEndP99Ms: Number.NaN,
};

describe('the display', () => {
  test('says the most in its first line', () => {
    const service = { service: 'cart', perSecond: 3, errorShare: 0.015, p50: 1, p95: 2, p99: 2000 };
    const lines = demoLines(COUNTS, { openWindows: 12, lag: 3, services: [service] });
    expect(lines[0]).toBe(
      '12 s  in 1,235 spans/s  open windows 12  traces finished 700  rows stored 15,000  lag 3',
    );
    expect(lines[1]).toContain('p50 3.10 s, p99 –');
    expect(lines.at(-1)).toMatch(/cart +3\.0 +1\.5 % +1\.00 ms +2\.00 ms +2\.00 s/);
  });

  test('does without what cannot be told', () => {
    const lines = demoLines(COUNTS, { openWindows: null, lag: null, services: [] });
    expect(lines[0]).toContain('open windows –');
    expect(lines).toHaveLength(2);
  });

  test('names the addresses of what runs', () => {
    const process = { kind: 'query', port: 18080 };
    const text = whereToLook({ processes: [process] } as never, '/data').join('\n');
    expect(text).toContain('http://127.0.0.1:18080/api/traces');
    expect(text).toContain('http://127.0.0.1:4318/v1/traces');
    expect(text).toContain('spanloom sql "SELECT');
  });
});

test('series of one metric are added up, those of longer names are not', () => {
  const page = [
    '# HELP windows Open windows.',
    'windows{partition="0"} 3',
    'windows{partition="1"} 4',
    'windows_max{partition="0"} 100',
    'windows 1',
  ].join('\n');
  expect(sumSeries(page, 'windows')).toBe(8);
});
