import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MAIN = join(__dirname, '..', 'dist', 'storage', 'main.js');
const ROWS = 100_000;
const LIMIT_MS = 240_000;
/** Of the bench's spans; a small table has a little more than a large one. */
const BYTES_PER_SPAN_MAX = 45;

interface Result {
  readonly sets: readonly {
    readonly rows: number;
    readonly tables: Record<'spanloom' | 'exporter', { rows: number; bytes_per_span: number }>;
    readonly searches: readonly {
      by: Record<string, { read_rows: number; result_rows: number }>;
    }[];
  }[];
}

test(
  'the same rows are in both tables, ours is within its bound and smaller, and every search finds something',
  async () => {
    const args = [MAIN, '--rows', String(ROWS), '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: LIMIT_MS });
    const [set] = (JSON.parse(stdout) as Result).sets;
    expect(set).toMatchObject({
      rows: ROWS,
      tables: { spanloom: { rows: ROWS }, exporter: { rows: ROWS } },
    });
    const { spanloom, exporter } = (set as Result['sets'][number]).tables;
    expect(spanloom.bytes_per_span).toBeLessThanOrEqual(BYTES_PER_SPAN_MAX);
    expect(spanloom.bytes_per_span).toBeLessThan(exporter.bytes_per_span);
    expect(set?.searches).toHaveLength(5);
    const [byId] = set?.searches ?? [];
    expect(byId?.by.spanloom?.result_rows).toBe(10);
    expect(byId?.by.spanloom?.read_rows).toBeLessThan(byId?.by.exporter?.read_rows ?? 0);
  },
  LIMIT_MS,
);

test('what cannot be measured is refused with a cure', async () => {
  const run = promisify(execFile)(process.execPath, [MAIN, '--recording', '/no/such/file']);
  await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('no file') });
});
