import { createClickHouse } from '@spanloom/clickhouse';
import { createKafka, type TopicName } from '@spanloom/kafka';
import { runService } from '@spanloom/runtime';
import { createInserter } from './insert';
import { defineMetrics } from './metrics';
import { createProcessor, type SinkDeps } from './processor';
import { createLetterBlock, createPaneBlock } from './row-block';
import { settings } from './settings';
import { createTraceBlock } from './trace-block';

const BLOCKS: readonly {
  readonly name: TopicName;
  readonly createBlock: SinkDeps['createBlock'];
}[] = [
  { name: 'traces', createBlock: createTraceBlock },
  { name: 'latency', createBlock: createPaneBlock },
  { name: 'dead-letters', createBlock: createLetterBlock },
];

void runService({
  name: 'sink',
  settings,
  async start({ config, logger, metrics: registry, health, clock, onStop, fail }) {
    const clickhouse = createClickHouse(config, { logger });
    onStop('clickhouse', clickhouse.close);
    const kafka = createKafka(config, { logger, clientId: 'spanloom-sink' });
    onStop('kafka', kafka.close);
    const metrics = defineMetrics(registry);
    const inserter = createInserter({
      clickhouse,
      retry_ms_max: config.insert_retry_ms_max,
      metrics,
      health,
      logger,
      clock,
    });
    for (const { name, createBlock } of BLOCKS) {
      const topic = kafka.topic(name);
      const deps = { topic, config, createBlock, inserter, metrics, logger, clock };
      const runner = await kafka.runPartitions({
        groupId: `${config.topic_prefix}sink-${name}`,
        topic,
        createProcessor: (handle) => createProcessor(handle, deps),
        onFatal: fail,
        onBeat: health.beat,
      });
      onStop(`consumer of ${name}`, runner.stop);
    }
  },
});
