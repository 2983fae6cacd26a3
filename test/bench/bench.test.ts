import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MAIN = join(__dirname, 'dist', 'main.js');
const SPANS = 20_000;
const LIMIT_MS = 240_000;
const NUMBERS = [
  'assembler_us',
  'latency_us',
  'sink_us',
  'gateway_us',
  'workers_us',
  'redis_us',
  'kafka_us',
  'clickhouse_us',
  'system_us',
  'bytes_per_span_disk',
  'e2e_p50_ms',
  'e2e_p99_ms',
];
const PROCESSES = ['assembler', 'latency', 'sink', 'gateway', 'redis', 'kafka', 'clickhouse'];

test(
  'a short bench stores every span once, and its last line has every figure',
  async () => {
    const args = [MAIN, '--spans', String(SPANS), '--steady-s', '2', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: LIMIT_MS });
    const figures = JSON.parse(stdout) as Record<string, unknown>;
    expect(figures).toMatchObject({ spans: SPANS, stored: SPANS, lost: 0, doubled: 0 });
    expect(figures).toMatchObject({ traces: figures.traces_sent, panes_off: 0 });
    for (const name of NUMBERS) expect(figures).toHaveProperty(name, expect.any(Number));
    expect(Object.keys(figures.rss_mb as object).sort()).toEqual([...PROCESSES].sort());
    expect(figures.steady).toHaveLength(2);
  },
  LIMIT_MS,
);

test('what cannot be measured is refused with a cure', async () => {
  const run = promisify(execFile)(process.execPath, [MAIN, '--spans', 'many']);
  await expect(run).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--spans: "many" should be a whole number'),
  });
});
