import { type ClickHouse, createClickHouse } from '@spanloom/clickhouse';
import { prepareEngines, repositoryRoot, type TestEngines } from '@spanloom/infra';
import { createKafka, type Kafka } from '@spanloom/kafka';
import {
  clickhouseSettings,
  createLogger,
  defineSettings,
  kafkaSettings,
  loadConfig,
} from '@spanloom/runtime';

/** Topics and a database of one measurement, on engines that several share. */
export interface Line {
  /** What the services are started with. */
  readonly env: NodeJS.ProcessEnv;
  readonly name: string;
  readonly partitions: number;
  readonly kafka: Kafka;
  readonly clickhouse: ClickHouse;
  /** Removes the topics and the database. */
  close(): Promise<void>;
}

const settings = defineSettings('bench', { ...kafkaSettings, ...clickhouseSettings });

let lines = 0;

/** Makes topics, schemas and tables. `more` are settings of the services, by their environment names. */
export async function openLine(
  engines: TestEngines,
  options: { readonly partitions: number; readonly more?: Readonly<Record<string, string>> },
): Promise<Line> {
  const name = `bench${++lines}`;
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    ...engines.env,
    SPANLOOM_TOPIC_PREFIX: `${name}.`,
    SPANLOOM_PARTITIONS: String(options.partitions),
    CLICKHOUSE_DATABASE: name,
    SPANLOOM_LOG_LEVEL: 'warn',
    ...options.more,
  };
  const logger = createLogger({ service: 'bench', level: 'warn' });
  await prepareEngines({ env, repository: repositoryRoot(), logger });
  const config = loadConfig(settings, { env });
  const kafka = createKafka(config, { logger, clientId: 'spanloom-bench' });
  const clickhouse = createClickHouse(config, { logger });
  return {
    env,
    name,
    partitions: options.partitions,
    kafka,
    clickhouse,
    async close() {
      const topics = (
        [
          'spans',
          'traces',
          'latency',
          'figures',
          'self-times',
          'anomalies',
          'dead-letters',
        ] as const
      ).map(kafka.topic);
      await (await kafka.admin()).deleteTopics(topics);
      await clickhouse.command(`DROP DATABASE ${name}`);
      await clickhouse.close();
      await kafka.close();
    },
  };
}
