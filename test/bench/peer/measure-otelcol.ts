import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startChild, type TestEngines } from '@spanloom/infra';
import { SpanloomError, systemClock } from '@spanloom/runtime';
import { runLoad } from '../load/run-load';
import { type Usage, usageOf } from '../measure/usage';
import type { Line } from '../run/line';
import type { SpanShape } from '../spans/shape';
import { otelcolConfig } from './otelcol-config';
import { startSwallowingClickHouse } from './swallowing-clickhouse';

/** What the Collector took to drain the spans. */
export interface PeerResult {
  /** From the start of its process to its last export. */
  readonly used: Usage;
  /** Spans in the batches that it sent: it may lose some, and that is its figure too. */
  readonly exported: number;
  readonly elapsed_ms: number;
}

const POLL_MS = 200;
/** It holds each trace for two times five seconds; after this long without an export nothing more will come. */
const STALL_MS = 25_000;
const STOP_MS = 10_000;

/** Drains the spans, as OTLP on a topic of their own, through the Collector at `path`. 'usage' when there is no such file. */
export async function measureOtelcol(
  engines: TestEngines,
  line: Line,
  shape: SpanShape,
  path: string,
  say: (text: string) => void,
): Promise<PeerResult> {
  if (!existsSync(path)) {
    throw new SpanloomError(
      'usage',
      `there is no ${path}; docs/performance.md says how to build a Collector`,
    );
  }
  const topic = `${line.name}.otlp_spans`;
  const { partitions } = line;
  const admin = await line.kafka.admin();
  await admin.ensureTopics([{ topic, partitions, replicationFactor: 1, config: {}, required: {} }]);
  say('filling a topic with the spans as OTLP');
  await runLoad(line.env, { shape, mode: 'fill-otlp', otlp_topic: topic });
  const clickhouse = await startSwallowingClickHouse();
  const broker = line.env.KAFKA_BROKERS ?? '';
  const folder = join(engines.root, 'otelcol');
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, 'config.json');
  writeFileSync(configFile, otelcolConfig({ broker, topic, clickhousePort: clickhouse.port }));
  const started_ms = systemClock.monotonicMs();
  const child = await startChild({
    name: 'otelcol',
    command: resolve(path),
    args: ['--config', configFile],
    logFile: join(folder, 'otelcol.log'),
    dieWithParent: true,
    clock: systemClock,
  });
  try {
    const look = (): PeerResult => ({
      used: usageOf(child.identity.pid),
      exported: clickhouse.rows(),
      elapsed_ms: systemClock.monotonicMs() - started_ms,
    });
    let last = look();
    let since_ms = started_ms;
    while (last.exported < shape.spans && systemClock.monotonicMs() - since_ms < STALL_MS) {
      await systemClock.sleep(POLL_MS);
      if (!child.running()) break;
      if (clickhouse.rows() === last.exported) continue;
      last = look();
      since_ms = systemClock.monotonicMs();
      say(`the Collector exported ${last.exported} of ${shape.spans} spans`);
    }
    if (last.exported > 0 && child.running()) return last;
    const asked = clickhouse.unknown.join('\n');
    throw new SpanloomError(
      'internal',
      `the Collector exported ${last.exported} of ${shape.spans} spans\n${asked}\n${child.tail(15)}`,
    );
  } finally {
    await child.stop(STOP_MS);
    await clickhouse.close();
    await admin.deleteTopics([topic]);
  }
}
