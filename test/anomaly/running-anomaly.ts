import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type AnomalyEvent, decodeAnomaly } from '@spanloom/detector';
import type { Span } from '@spanloom/model';
import { fragmentMessage, spanOf } from '../../libs/detector/test/fragments';
import { createSinkBench, type SinkBench } from '../sink/running-sink';

const MAIN = join(__dirname, '..', '..', 'services', 'anomaly', 'dist', 'main.js');

/** Topics and tables of their own, and anomaly workers as processes on them. */
export interface AnomalyBench {
  readonly bench: SinkBench;
  /** Starts a worker; it may be killed. */
  start(extra?: Readonly<Record<string, string>>): ChildProcess;
  /** Writes traces to a partition of `traces` as an assembler does, a ledger entry behind them. */
  send(partition: number, traces: readonly (readonly Span[])[]): Promise<void>;
  /** What is on the topic `anomalies`. */
  events(): Promise<readonly AnomalyEvent[]>;
  stop(): Promise<void>;
}

/** Makes topics with two partitions, and tables. */
export async function createAnomalyBench(): Promise<AnomalyBench> {
  const bench = await createSinkBench(2);
  const children: ChildProcess[] = [];
  const seqs = [0, 0];
  const env = {
    PATH: process.env.PATH,
    KAFKA_BROKERS: process.env.KAFKA_BROKERS,
    SCHEMA_REGISTRY_URL: process.env.SCHEMA_REGISTRY_URL,
    SPANLOOM_TOPIC_PREFIX: bench.prefix,
    SPANLOOM_PARTITIONS: '2',
    SPANLOOM_ADMIN_PORT: '0',
    SPANLOOM_LOG_LEVEL: 'error',
    SPANLOOM_SESSION_TIMEOUT_MS: '6000',
    SPANLOOM_ANOMALY_IDLE_S: '2',
    SPANLOOM_ANOMALY_LATENESS_S: '0',
    SPANLOOM_TICK_QUIET_MS: '300',
  };
  return {
    bench,
    start(extra = {}) {
      const child = spawn(process.execPath, [MAIN], {
        env: { ...env, ...extra },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      children.push(child);
      return child;
    },
    async send(partition, traces) {
      const entries = [...traces.map((spans) => ({ spans })), 'ledger' as const];
      const firstSeq = (seqs[partition] as number) + 1;
      seqs[partition] = firstSeq + entries.length - 1;
      const message = fragmentMessage(partition, firstSeq, entries, bench.schemaId);
      await bench.send('traces', partition, message);
    },
    async events() {
      const topic = bench.kafka.topic('anomalies');
      const [offsets] = await (await bench.kafka.admin()).offsets(topic);
      const { low = 0, high = 0 } = offsets ?? {};
      const events: AnomalyEvent[] = [];
      if (high > low) {
        await bench.kafka.readRange({ topic, partition: 0, from: low, to: high }, (records) => {
          for (const { value } of records) events.push(decodeAnomaly(value as Buffer));
        });
      }
      return events;
    },
    async stop() {
      await Promise.all(children.map(killed));
      await bench.close();
    },
  };
}

/** Kills a process and waits until it is gone. */
export function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** A trace of shop, which calls cart; it begins so many seconds after the first, cart takes so many ms. */
export function trace(atS: number, cartMs: number): readonly Span[] {
  const id = randomBytes(6).readUIntBE(0, 6);
  const startMs = atS * 1000;
  const parent = (of: number) => ({ parentSpanId: of.toString(16).padStart(16, '0') });
  return [
    spanOf(id, 1, { startMs, ms: cartMs + 30 }),
    spanOf(id, 2, { startMs: startMs + 10, ms: cartMs + 6, kind: 3, name: 'call', ...parent(1) }),
    spanOf(id, 3, {
      startMs: startMs + 13,
      ms: cartMs,
      service: 'cart',
      name: 'GET /cart',
      ...parent(2),
    }),
  ];
}
