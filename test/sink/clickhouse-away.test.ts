import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fragmentEntry, spanBytes, spanOf, tracesMessage } from '../../services/sink/test/traces';
import { largest, until, type WatchedProcess, watchProcess } from '../process/watched-process';
import { type EngineProxy, openProxy } from '../src/chaos/proxy';
import { createSinkBench, type SinkBench } from './running-sink';

const MAIN = join(__dirname, '..', '..', 'services', 'sink', 'dist', 'main.js');
const MIB = 1024 * 1024;
const PARTITIONS = 2;
/** Nobody listens there. */
const NOWHERE = 1;
/** A fragment of 8 spans of 16 KiB each; a message has two. */
const SPANS = 8;
const FILLER = 'x'.repeat(16_384);
const MESSAGE_MIB = 0.25;

let bench: SinkBench;
let proxy: EngineProxy;
let child: ChildProcess;
let sink: WatchedProcess;
/** Last number given out, per partition. */
const last = [0, 0];

beforeAll(async () => {
  bench = await createSinkBench(PARTITIONS);
  proxy = await openProxy();
  toClickHouse();
}, 120_000);
afterAll(async () => {
  child.kill('SIGKILL');
  await once(child, 'exit');
  await proxy.close();
  await bench.close();
}, 60_000);

function toClickHouse(): void {
  proxy.target(Number(new URL(process.env.CLICKHOUSE_URL as string).port));
}

function start(): void {
  child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      ...bench.env,
      CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}`,
      SPANLOOM_PENDING_BYTES_MAX: String(4 * MIB),
      SPANLOOM_ADMIN_PORT: '0',
      SPANLOOM_SESSION_TIMEOUT_MS: '6000',
      SPANLOOM_LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  sink = watchProcess(child);
}

function fragment(partition: number, seq: number): Buffer {
  const trace = partition * 100_000 + seq;
  const spans = Array.from({ length: SPANS }, (_, i) =>
    spanOf(trace, i + 1, { attributes: { filler: FILLER } }),
  );
  return fragmentEntry(trace, [
    { schemaId: bench.schemaId, spanCount: SPANS, bytes: spanBytes(spans) },
  ]);
}

/** Writes so many MiB to `traces`, as assemblers would. */
async function write(mib: number): Promise<void> {
  for (let n = 0; n < mib / MESSAGE_MIB; n++) {
    const partition = n % PARTITIONS;
    const seq = (last[partition] as number) + 1;
    const entries = [fragment(partition, seq), fragment(partition, seq + 1)];
    await bench.send('traces', partition, tracesMessage(partition, seq, entries));
    last[partition] = seq + 1;
  }
}

const fragments = (): number => last.reduce((sum, seq) => sum + seq, 0);
const stored = (): Promise<number> => bench.count('SELECT count() FROM otel_traces');
const resident = (): Promise<number | null> => sink.metric('process_resident_memory_bytes');
const isReady = async (): Promise<boolean> => (await sink.readiness())?.ok === true;

function told(): string | undefined {
  const lines = sink.lines.filter((line) => line.why === 'clickhouse');
  return lines.at(-1)?.message.split(':', 1)[0];
}

test('ClickHouse goes away under load: bounded, told, and everything once when it is back', async () => {
  start();
  await until('ready', isReady);
  await write(24);
  await until('all stored', async () => (await stored()) === fragments() * SPANS);
  const usual = (await resident()) as number;

  proxy.target(NOWHERE);
  proxy.cut();
  const most = await largest(resident, async () => {
    await write(120);
    await until('paused', async () => (await sink.readiness())?.ok === false);
    await sleep(3_000);
  });
  expect((await sink.readiness())?.why).toMatch(/clickhouse: blocks cannot be stored: /);
  expect(await sink.metric('spanloom_paused{why="clickhouse"}')).toBe(1);
  expect(told()).toBe('paused');
  expect(await sink.isAlive()).toBe(true);
  // What waits is in Kafka: 120 MiB were written, and the process has not grown by half of that.
  expect(most - usual).toBeLessThan(60 * MIB);
  expect(await sink.metric('spanloom_sink_pending_bytes')).toBeLessThan(6 * MIB);
  for (const partition of [0, 1]) {
    const topic = bench.kafka.topic('traces');
    const lag = `spanloom_sink_lag_records{topic="${topic}",partition="${partition}"}`;
    // Where the log ends is looked up now and then while nothing is read.
    await until('the lag is told', async () => ((await sink.metric(lag)) ?? 0) > 200);
  }

  toClickHouse();
  await until('ready again', isReady);
  await until('all stored', async () => (await stored()) >= fragments() * SPANS, 60_000);
  expect(await stored()).toBe(fragments() * SPANS);
  expect(await bench.count('SELECT uniqExact(TraceId, SpanId) FROM otel_traces')).toBe(
    fragments() * SPANS,
  );
  expect(await bench.count('SELECT count() FROM trace_fragments')).toBe(fragments());
  expect(await sink.metric('spanloom_paused{why="clickhouse"}')).toBe(0);
  expect(told()).toBe('resumed');
  expect(sink.lines.filter(({ message }) => message.includes('processor failed'))).toEqual([]);
}, 180_000);
