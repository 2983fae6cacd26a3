import type { ClickHouse } from '@spanloom/clickhouse';
import { createTurns, type Kafka, type PartitionRunner, type TopicName } from '@spanloom/kafka';
import { ChunkPool } from '@spanloom/rowbinary';
import { createPressure, type ServiceContext } from '@spanloom/runtime';
import { startAmending } from './amending';
import { createAnomalyBlock } from './anomaly-block';
import type { Block } from './block';
import { createByteBudget } from './byte-budget';
import { createFigureBlock } from './figure-block';
import { createInserter } from './insert';
import { createLetterBlock } from './letter-block';
import { storedBefore } from './lost-commit';
import { defineMetrics, type SinkMetrics } from './metrics';
import { createPaneBlock } from './pane-block';
import { createProcessor, type SinkDeps } from './processor';
import type { settings } from './settings';
import { createSpanLayouts } from './span-layouts';
import { createTraceBlock, type TraceBlockDeps } from './trace-block';

type BlockFactory = (topic: string, partition: number, deps: TraceBlockDeps) => Block;

/** One group per topic, so that a rebalance of one does not stop the others. */
const BLOCKS: readonly (readonly [TopicName, BlockFactory])[] = [
  ['traces', createTraceBlock],
  ['latency', createPaneBlock],
  ['figures', createFigureBlock],
  ['anomalies', createAnomalyBlock],
  ['dead-letters', createLetterBlock],
];

/**
 * Few partitions are read at a time, and most of what they have is not compressed. Two may be inserting: the others'
 * records must get in beside them.
 */
const READING = { partition_bytes_max: 1024 * 1024, partitions_concurrent_max: 4 };
/**
 * Few partitions at a time fill their blocks: one does while another's is being inserted. The same memory then holds blocks
 * of the full size instead of many small ones, which cost ClickHouse twice as much a span.
 */
const TURNS_MAX = 2;
const FIGURES_INTERVAL_MS = 1_000;

/** What {@link startSink} needs of the process that it runs in. */
export type SinkContext = Pick<
  ServiceContext<(typeof settings)['shape']>,
  'config' | 'logger' | 'metrics' | 'health' | 'clock' | 'onStop' | 'fail'
>;

/** The sink's consumer group of a topic; the prefix is that of topics. */
export function sinkGroup(prefix: string, topic: TopicName): string {
  return `${prefix}sink-${topic}`;
}

/** Consumes the four topics until it is stopped. The engines belong to the caller. */
export async function startSink(
  context: SinkContext,
  engines: { readonly kafka: Kafka; readonly clickhouse: ClickHouse },
): Promise<void> {
  const { config, logger, health, clock, onStop } = context;
  const { kafka, clickhouse } = engines;
  const metrics = defineMetrics(context.metrics);
  const budget = createByteBudget(config.pending_bytes_max);
  const layouts = createSpanLayouts(kafka.registry());
  const retry_ms_max = config.insert_retry_ms_max;
  const pressure = createPressure({ paused: metrics.paused, health, logger, clock });
  const inserter = createInserter({
    clickhouse,
    retry_ms_max,
    metrics,
    pressure,
    health,
    logger,
    clock,
  });
  const chunks = new ChunkPool();
  const shared = { config, inserter, budget, metrics, health, logger, clock };
  for (const [name, createBlock] of BLOCKS) {
    const topic = kafka.topic(name);
    const deps: SinkDeps = {
      ...shared,
      topic,
      turns: createTurns(TURNS_MAX),
      createBlock: (of, partition) => createBlock(of, partition, { metrics, layouts, chunks }),
      storedBefore: (partition) => storedBefore(name, partition, { kafka, clickhouse, logger }),
    };
    const runner = await kafka.runPartitions({
      groupId: sinkGroup(config.topic_prefix, name),
      topic,
      createProcessor: (handle) => createProcessor(handle, deps),
      session_timeout_ms: config.session_timeout_ms,
      onFatal: context.fail,
      onBeat: health.beat,
      onTrouble: pressure.tell,
      onExpired: (records) => metrics.expired.inc({ topic: name }, records),
      ...READING,
    });
    onStop(`consumer of ${name}`, runner.stop);
    if (name === 'traces') {
      const amending = startAmending(config, {
        clickhouse,
        partitions: () => runner.state().map(({ partition }) => partition),
        metrics,
        logger,
        clock,
      });
      onStop('amending', amending.stop);
    }
    onStop(
      `figures of ${name}`,
      every(() => tellLag(metrics, topic, runner)),
    );
  }
  onStop(
    'figures',
    every(() => metrics.pendingBytes.set({}, budget.bytes)),
  );
}

function tellLag(metrics: SinkMetrics, topic: string, runner: PartitionRunner): void {
  for (const { partition, lag } of runner.state()) {
    if (lag !== null) metrics.lag.set({ topic, partition: String(partition) }, lag);
  }
}

/** Tells figures until the returned function is called. */
function every(tell: () => void): () => Promise<void> {
  const timer = setInterval(tell, FIGURES_INTERVAL_MS);
  return async () => clearInterval(timer);
}
