import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tracePartition } from '@spanloom/kafka';
import type { Span } from '@spanloom/model';
import { type AssemblyLine, createAssemblyLine, RULES } from '../assembler/running-assembler';
import { makeSpan } from '../assembler/spans';
import { until } from '../process/watched-process';
import { createSinkBench, type SinkBench } from '../sink/running-sink';
import { type RunningQuery, startTestQuery } from './running-query';

const PARTITIONS = 2;
/** Long enough for a busy machine to ask all that is asked of an open trace. */
const OPEN_RULES = { ...RULES, gap_s: 8, cut_s: 60 };
const BIN = join(__dirname, '..', '..', 'services', 'cli', 'bin', 'spanloom.js');

let bench: SinkBench;
let line: AssemblyLine;
let query: RunningQuery;

beforeAll(async () => {
  bench = await createSinkBench(PARTITIONS);
  line = await createAssemblyLine(process.env, bench.prefix, PARTITIONS, OPEN_RULES);
  line.start();
  await bench.start();
  query = await startTestQuery(process.env.CLICKHOUSE_URL as string, {
    CLICKHOUSE_DATABASE: bench.clickhouse.database,
    REDIS_URL: process.env.REDIS_URL as string,
    SPANLOOM_TOPIC_PREFIX: bench.prefix,
    SPANLOOM_PARTITIONS: String(PARTITIONS),
    // Engines and tests share a small machine.
    SPANLOOM_LIVE_TIMEOUT_MS: '10000',
    SPANLOOM_LIVE_SETTLE_MS: '20000',
  });
}, 120_000);

afterAll(async () => {
  await query?.stop();
  await line?.stop();
  await bench?.close();
}, 60_000);

/** Sends spans of one trace as the gateway does: to the partition of its id. */
async function send(spans: readonly Span[]): Promise<void> {
  const partition = tracePartition((spans[0] as Span).traceId, PARTITIONS);
  await line.send(partition, line.batch(spans));
}

/** Runs `spanloom windows`; rejects when it fails. */
async function windowsCommand(...flags: readonly string[]): Promise<string> {
  const args = [BIN, 'windows', '--query', query.url, ...flags];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

interface Seen {
  readonly spans: number;
  readonly open: boolean;
  readonly warnings: readonly string[] | null;
}

/** What a look-up by id shows; each span must be there once. */
async function look(traceId: string): Promise<Seen | null> {
  const { code, body } = await query.get(`/api/traces/${traceId}`);
  if (code === 404) return null;
  expect(code).toBe(200);
  const [trace] = body.data;
  const ids = trace.spans.map((span: { spanID: string }) => span.spanID);
  expect(new Set(ids).size).toBe(ids.length);
  return { spans: ids.length, open: trace.open, warnings: trace.warnings };
}

/** Looks again and again until the trace is stored, and sees never fewer spans than `least`. */
async function watchClose(traceId: string, least: number): Promise<void> {
  let looks = 0;
  await until(`${traceId} is closed and stored`, async () => {
    for (let i = 0; i < 20; i++) {
      const seen = await look(traceId);
      expect(seen?.spans).toBe(least);
      looks++;
      // Once stored, it is looked at as often as it takes to have looked more than a few times.
      if (seen?.open === false && looks > 5) return true;
    }
    return false;
  });
  expect(looks).toBeGreaterThan(5);
}

test('a trace is seen while it is open, while it closes, and when it is stored, each span once', async () => {
  const spans = [1, 2, 3].map((id) => makeSpan(5, id, false));
  const { traceId } = spans[0] as Span;
  const partition = tracePartition(traceId, PARTITIONS);
  // A second copy of one of them, which the close will drop.
  await send([...spans, spans[1] as Span]);
  await until('the open trace is seen', async () => (await look(traceId)) !== null);
  expect(await look(traceId)).toEqual({
    spans: 3,
    open: true,
    warnings: [expect.stringContaining('3 of 3 spans are not stored yet')],
  });
  const [windows, analysis, json, tables] = await Promise.all([
    query.get('/api/windows?order=largest&limit=5'),
    query.get(`/api/traces/${traceId}/analysis`),
    windowsCommand('--json'),
    windowsCommand(),
  ]);
  const open = [{ trace_id: traceId, partition, spans: 4, has_root: false }];
  expect(windows.body).toMatchObject({ traces: open, warnings: [] });
  expect(windows.body.partitions[partition]).toMatchObject({
    partition,
    state: 'read',
    open_windows: 1,
    spans: 4,
  });
  expect(JSON.parse(json)).toMatchObject({ traces: open, warnings: [] });
  expect(tables).toContain('1 of 1 open traces, the oldest first');
  expect(analysis.body).toMatchObject({ open: true, span_count: 3 });

  await watchClose(traceId, 3);
  expect(await look(traceId)).toEqual({ spans: 3, open: false, warnings: null });

  // Late: a stored trace opens again.
  await send([makeSpan(5, 9, false), spans[0] as Span]);
  await until('the late span is seen', async () => (await look(traceId))?.spans === 4);
  const late = await query.get(`/jaeger/api/traces?traceID=${traceId}&traceID=abc`);
  expect(late.body.data).toMatchObject([{ traceID: traceId, open: true }]);
  expect(late.body.data[0].warnings[0]).toContain('1 of 4 spans');
  await watchClose(traceId, 4);
  await expect(windowsCommand('--limit', 'x')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('limit is "x", but should be a whole number'),
  });
  const rows = await bench.count(
    `SELECT count() FROM otel_traces FINAL WHERE TraceId = '${traceId}'`,
  );
  expect(rows).toBe(4);
}, 120_000);
