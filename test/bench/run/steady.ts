import type { ClickHouse } from '@spanloom/clickhouse';
import type { TestEngines } from '@spanloom/infra';
import { systemClock } from '@spanloom/runtime';
import { runLoad } from '../load/run-load';
import { untilStored } from '../measure/stored';
import { type Usage, usedBetween } from '../measure/usage';
import { WeightedValues } from '../measure/weighted';
import type { SpanShape } from '../spans/shape';
import { WORKERS, type WorkerName } from './drain';
import type { Line } from './line';
import { startWorker } from './worker';

/** A steady load of some share of what the machine can do. */
export interface SteadyResult {
  /** Of the capacity, 0 to 1. */
  readonly share: number;
  readonly spans_per_s: number;
  /** From sending a span to Kafka until a query finds it. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** CPU of the three workers per span, from when compilers have settled to all stored. */
  readonly workers_us: number;
  /** The same of each. */
  readonly worker_us: Readonly<Record<WorkerName, number>>;
  /** How late the load itself was at its latest: more than a moment means that the machine was too busy. */
  readonly load_behind_ms: number;
}

/** Grain of the spans' times, and time between two looks at the table: what the latencies are exact to. */
const BUCKET_MS = 20;
const LOOK_MS = 100;
const STALL_MS = 60_000;
/** Compilers and caches settle in the first part of the load, which is not counted. */
const UNCOUNTED_SHARE = 0.3;

/** Spans that a look at the table found for the first time. */
interface Arrival {
  readonly sent_unix_ms: number;
  readonly latency_ms: number;
  readonly spans: number;
}

/**
 * Watches the table of spans until `stop`. Each span says when it was sent; its latency ends when the first query
 * began that found it.
 */
async function watch(clickhouse: ClickHouse, stop: AbortSignal): Promise<readonly Arrival[]> {
  const arrivals: Arrival[] = [];
  const seen = new Map<number, number>();
  while (!stop.aborted) {
    const now_ms = systemClock.nowMs();
    const rows = await clickhouse.query<{ bucket: number; n: number }>(
      `SELECT intDiv(toUnixTimestamp64Milli(Timestamp), {grain:UInt32}) AS bucket, count() AS n
       FROM otel_traces GROUP BY bucket`,
      { grain: BUCKET_MS },
    );
    for (const row of rows) {
      const [bucket, n] = [Number(row.bucket), Number(row.n)];
      const spans = n - (seen.get(bucket) ?? 0);
      if (spans <= 0) continue;
      seen.set(bucket, n);
      const sent_unix_ms = (bucket + 0.5) * BUCKET_MS;
      arrivals.push({ sent_unix_ms, latency_ms: now_ms - sent_unix_ms, spans });
    }
    await systemClock.sleep(LOOK_MS);
  }
  return arrivals;
}

/** Latencies of what was sent at or after a time. */
function latenciesFrom(arrivals: readonly Arrival[], from_unix_ms: number): WeightedValues {
  const latencies = new WeightedValues();
  for (const { sent_unix_ms, latency_ms, spans } of arrivals) {
    if (sent_unix_ms >= from_unix_ms) latencies.add(latency_ms, spans);
  }
  return latencies;
}

/** Runs the workers under a load of `spans_per_s` for `for_s` seconds, and measures how long spans take. */
export async function steadyLoad(
  engines: TestEngines,
  line: Line,
  options: {
    readonly shape: SpanShape;
    readonly share: number;
    readonly spans_per_s: number;
    readonly for_s: number;
    readonly say: (text: string) => void;
  },
): Promise<SteadyResult> {
  const { share, spans_per_s, for_s, say } = options;
  const spans = Math.max(1_000, Math.round(spans_per_s * for_s));
  const shape = { ...options.shape, spans, seed: options.shape.seed + 1 };
  say(`steady load of ${Math.round(spans_per_s)} spans/s for ${for_s} s`);
  const workers = await Promise.all(WORKERS.map((name) => startWorker(engines, line, name)));
  const watching = new AbortController();
  try {
    const watched = watch(line.clickhouse, watching.signal);
    const settled = systemClock
      .sleep(for_s * 1000 * UNCOUNTED_SHARE)
      .then(() => workers.map((worker) => worker.usage()));
    const load = await runLoad(line.env, { shape, mode: 'paced', spans_per_s });
    await untilStored(line.clickhouse, spans, { stall_ms: STALL_MS, onProgress: () => undefined });
    // One more look, so that the last spans have been seen.
    await systemClock.sleep(LOOK_MS * 3);
    watching.abort();
    const counted_from_unix_ms = load.started_unix_ms + for_s * 1000 * UNCOUNTED_SHARE;
    const latencies = latenciesFrom(await watched, counted_from_unix_ms);
    const before = await settled;
    const counted = spans * (1 - UNCOUNTED_SHARE);
    const us = workers.map((w, i) => usedBetween(before[i] as Usage, w.usage()).cpu_us / counted);
    const [assembler = 0, latency = 0, sink = 0] = us;
    return {
      share,
      spans_per_s: Math.round(spans_per_s),
      p50_ms: Math.round(latencies.quantile(0.5)),
      p99_ms: Math.round(latencies.quantile(0.99)),
      workers_us: assembler + latency + sink,
      worker_us: { assembler, latency, sink },
      load_behind_ms: load.behind_ms,
    };
  } finally {
    watching.abort();
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}
