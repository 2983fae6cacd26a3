import { createClickHouse } from '@spanloom/clickhouse';
import { createKafka, type PartitionRunner, type TopicName } from '@spanloom/kafka';
import { runService } from '@spanloom/runtime';
import { createByteBudget } from './byte-budget';
import { createInserter } from './insert';
import { createLetterBlock } from './letter-block';
import { defineMetrics, type SinkMetrics } from './metrics';
import { createPaneBlock } from './pane-block';
import { createProcessor, type SinkDeps } from './processor';
import { settings } from './settings';
import { createSpanLayouts, type SpanLayouts } from './span-layouts';
import { createTraceBlock } from './trace-block';

type BlockFactory = (
  topic: string,
  partition: number,
  deps: { readonly metrics: SinkMetrics; readonly layouts: SpanLayouts },
) => ReturnType<SinkDeps['createBlock']>;

/** One group per topic, so that a rebalance of one does not stop the others. */
const BLOCKS: readonly (readonly [TopicName, BlockFactory])[] = [
  ['traces', createTraceBlock],
  ['latency', createPaneBlock],
  ['dead-letters', createLetterBlock],
];

/** Three topics share the memory: each fetch response is small, and there is always a next one. */
const FETCH_BYTES_MAX = 8 * 1024 * 1024;
const FIGURES_INTERVAL_MS = 1_000;

function tellLag(metrics: SinkMetrics, topic: string, runner: PartitionRunner): void {
  for (const { partition, lag } of runner.state()) {
    if (lag !== null) metrics.lag.set({ topic, partition: String(partition) }, lag);
  }
}

void runService({
  name: 'sink',
  settings,
  async start({ config, logger, metrics: registry, health, clock, onStop, fail }) {
    const clickhouse = createClickHouse(config, { logger });
    onStop('clickhouse', clickhouse.close);
    const kafka = createKafka(config, { logger, clientId: 'spanloom-sink' });
    onStop('kafka', kafka.close);
    const metrics = defineMetrics(registry);
    const budget = createByteBudget(config.pending_bytes_max);
    const layouts = createSpanLayouts(kafka.registry());
    const retry_ms_max = config.insert_retry_ms_max;
    const inserter = createInserter({ clickhouse, retry_ms_max, metrics, health, logger, clock });
    const shared = { config, inserter, budget, metrics, health, logger, clock };
    for (const [name, createBlock] of BLOCKS) {
      const topic = kafka.topic(name);
      const deps: SinkDeps = {
        ...shared,
        topic,
        createBlock: (of, partition) => createBlock(of, partition, { metrics, layouts }),
      };
      const runner = await kafka.runPartitions({
        groupId: `${config.topic_prefix}sink-${name}`,
        topic,
        createProcessor: (handle) => createProcessor(handle, deps),
        onFatal: fail,
        onBeat: health.beat,
        fetch_bytes_max: FETCH_BYTES_MAX,
      });
      const figures = setInterval(() => tellLag(metrics, topic, runner), FIGURES_INTERVAL_MS);
      onStop(`consumer of ${name}`, async () => {
        clearInterval(figures);
        await runner.stop();
      });
    }
    const pending = setInterval(
      () => metrics.pendingBytes.set({}, budget.bytes),
      FIGURES_INTERVAL_MS,
    );
    onStop('figures', async () => clearInterval(pending));
  },
});
