import { createClickHouse } from '@spanloom/clickhouse';
import { createKafka, topicSpecs } from '@spanloom/kafka';
import { runService } from '@spanloom/runtime';
import { settings } from './settings';
import { startSink } from './sink';

void runService({
  name: 'sink',
  settings,
  async start(context) {
    const { config, logger, onStop } = context;
    const clickhouse = createClickHouse(config, { logger });
    onStop('clickhouse', clickhouse.close);
    const kafka = createKafka(config, { logger, clientId: 'spanloom-sink' });
    onStop('kafka', kafka.close);
    await (await kafka.admin()).ensureTopics(topicSpecs(config));
    await startSink(context, { clickhouse, kafka });
  },
});
