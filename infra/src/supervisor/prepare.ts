import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TOPIC_SCHEMAS } from '@spanloom/avro';
import { createClickHouse, migrate } from '@spanloom/clickhouse';
import { createKafka, topicSpecs } from '@spanloom/kafka';
import {
  clickhouseSettings,
  defineSettings,
  kafkaSettings,
  type Logger,
  loadConfig,
} from '@spanloom/runtime';

const settings = defineSettings('prepare', { ...kafkaSettings, ...clickhouseSettings });

/** What the services need to be told of the engines, and where the repository is. */
export interface PrepareOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The repository: its `schemas/` are applied. */
  readonly repository: string;
  readonly logger: Logger;
}

async function prepareKafka(
  config: Parameters<typeof createKafka>[0],
  logger: Logger,
): Promise<void> {
  const kafka = createKafka(config, { logger, clientId: 'spanloom-prepare' });
  try {
    const admin = await kafka.admin();
    await admin.ensureTopics(topicSpecs(config));
    const registry = kafka.registry();
    for (const [topic, schema] of Object.entries(TOPIC_SCHEMAS)) {
      const subject = `${config.topic_prefix}${topic}-value`;
      const id = await registry.register(subject, schema);
      logger.debug({ subject, id }, 'schema is registered');
    }
  } finally {
    await kafka.close();
  }
}

/**
 * Gets engines ready for the services: topics, schemas, tables. Changes nothing that is right already.
 * Errors: topic-mismatch, schema-incompatible, migration-changed, engine-unavailable, clickhouse-failed.
 */
export async function prepareEngines(options: PrepareOptions): Promise<void> {
  const { logger } = options;
  const file = options.env.SPANLOOM_CONFIG;
  const config = loadConfig(settings, { env: options.env, file });
  const clickhouse = createClickHouse(config, { logger });
  const migrations = join(options.repository, 'schemas', 'clickhouse');
  try {
    await Promise.all([
      prepareKafka(config, logger),
      existsSync(migrations) ? migrate(clickhouse, migrations, { logger }) : undefined,
    ]);
  } finally {
    await clickhouse.close();
  }
}
