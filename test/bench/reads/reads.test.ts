import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MAIN = join(__dirname, '..', 'dist', 'reads', 'main.js');
const SPANS = 200_000;
const MINUTES = 30;
const LIMIT_MS = 240_000;
const TIMES_LESS_MIN = 100;

interface Figures {
  readonly read_rows: number;
}

interface Result {
  readonly spans: number;
  readonly stored: { readonly span_rows: number; readonly ten_minute_rows: number };
  readonly results: readonly {
    readonly name: string;
    readonly spans: number;
    readonly error: number;
    readonly by: Readonly<Record<'spans' | 'panes' | 'ten_minutes', Figures>>;
  }[];
}

test(
  'percentiles of one service read a hundredth of the rows from panes, count the same, and are within 1 %',
  async () => {
    const args = [MAIN, '--spans', String(SPANS), '--minutes', String(MINUTES), '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: LIMIT_MS });
    const { stored, results } = JSON.parse(stdout) as Result;
    expect(stored.span_rows).toBe(SPANS);
    // 12 services of 8 operations, 3 kinds and 2 statuses, in each ten minutes.
    expect(stored.ten_minute_rows).toBeLessThanOrEqual(12 * 8 * 3 * 2 * (MINUTES / 10));
    const [service, operation, everything] = results;
    expect(results.map(({ name }) => name)).toEqual([
      'one service',
      'one operation of it',
      'everything',
    ]);
    expect(everything?.spans).toBe(SPANS);
    for (const one of [service, operation]) {
      const { spans, ten_minutes } = (one as Result['results'][number]).by;
      expect(spans.read_rows / ten_minutes.read_rows).toBeGreaterThanOrEqual(TIMES_LESS_MIN);
    }
    for (const { error } of results) expect(error).toBeLessThanOrEqual(0.01);
  },
  LIMIT_MS,
);

test('what cannot be measured is refused with a cure', async () => {
  const run = promisify(execFile)(process.execPath, [MAIN, '--minutes', '7']);
  await expect(run).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--minutes'),
  });
});
