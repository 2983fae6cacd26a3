import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastJson, type RunningSpanloom, startSpanloom } from './running-spanloom';

const RECORDINGS =
  process.env.SPANLOOM_RECORDINGS ?? resolve(__dirname, '..', '..', '..', 'shared', 'data');

const EXPECTED = [
  {
    file: 'boutique.otlp.jsonl.gz',
    spans_read: 283_992,
    spans_stored: 282_709,
    traces_stored: 6_763,
    duplicates: 1_283,
    duration_ns_sum: 6_330_163_755_511,
  },
  {
    file: 'trainticket.otlp.jsonl.gz',
    spans_read: 179_170,
    spans_stored: 178_156,
    traces_stored: 2_475,
    duplicates: 1_014,
    duration_ns_sum: 11_323_379_391_139,
  },
] as const;

describe('recordings go through the whole pipeline, exactly', () => {
  let running: RunningSpanloom;
  beforeAll(async () => {
    running = await startSpanloom(['--copies', 'assembler=3']);
  }, 150_000);
  afterAll(() => running?.stop(), 90_000);

  test.each(EXPECTED)(
    '$file, with a worker killed on the way',
    async ({ file, ...expected }) => {
      const path = join(RECORDINGS, file);
      if (!existsSync(path)) {
        console.log(`not checked: ${file} is not there; set SPANLOOM_RECORDINGS to its folder`);
        return;
      }
      const importing = running.spanloom(['import', path, '--wait', '--json'], 170_000);
      await sleep(5000);
      const victim = running.processes(file.startsWith('boutique') ? 'assembler' : 'sink')[0];
      process.kill(victim?.pid as number, 'SIGKILL');
      const result = await importing;
      expect(`${result.stderr.slice(-500)} exit ${result.code}`).toMatch(/exit 0$/);
      expect(lastJson(result)).toMatchObject({ ...expected, lost: 0 });
    },
    200_000,
  );

  test('the ledger balances: received is stored, duplicate or dead-lettered', async () => {
    const sum = async (query: string): Promise<number> => {
      const { stdout } = await running.spanloom(['sql', query, '--json'], 30_000);
      const row = JSON.parse(stdout.trim().split('\n')[0] ?? '{}') as Record<string, string>;
      return Number(Object.values(row)[0]);
    };
    // The last ledger entries come with the next boundary of the log clock.
    const until = Date.now() + 40_000;
    let received = 0;
    let accounted = -1;
    while (Date.now() < until && received !== accounted) {
      await sleep(1000);
      received = await sum('SELECT sum(Received) AS n FROM ledger FINAL');
      accounted = await sum(
        'SELECT sum(SpanCount + DuplicateCount + DeadLetteredCount) AS n FROM trace_fragments FINAL',
      );
    }
    expect(received).toBe(accounted);
    expect(await sum('SELECT count() AS n FROM otel_traces')).toBe(
      await sum('SELECT sum(SpanCount) AS n FROM trace_fragments FINAL'),
    );
  }, 80_000);
});
