import { type ClickHouse, createClickHouse } from '@spanloom/clickhouse';
import { readState } from '@spanloom/infra';
import { createKafka, type Kafka } from '@spanloom/kafka';
import { createLogger } from '@spanloom/runtime';
import { homeOf } from '../commands/run-options';
import { engineConfig } from '../connection';

/** Leaves room for the record batch's own header under the topics' `max.message.bytes`. */
export const MESSAGE_BYTES_MAX = 1_040_000;

/** The engines that the commands on dead letters work with. */
export interface Session {
  readonly clickhouse: ClickHouse;
  /** Connects when it is first used. */
  readonly kafka: Kafka;
  /** What topic names begin with. */
  readonly prefix: string;
}

/** Runs `work` with the engines of the running Spanloom, or those that the environment names. */
export async function withSession<T>(
  flags: { readonly home?: string },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const config = engineConfig(readState(homeOf(flags, process.env)), process.env);
  const logger = createLogger({ service: 'dlq', level: 'error' });
  const clickhouse = createClickHouse(config, { logger });
  const kafka = createKafka(
    { ...config, message_bytes_max: MESSAGE_BYTES_MAX },
    { logger, clientId: 'spanloom-dlq' },
  );
  try {
    return await work({ clickhouse, kafka, prefix: config.topic_prefix });
  } finally {
    await kafka.close();
    await clickhouse.close();
  }
}
