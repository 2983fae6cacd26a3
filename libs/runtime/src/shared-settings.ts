import { LOG_LEVELS } from './logger';
import { choice, flag, int, list, text } from './setting';

/** How to reach Kafka and the schema registry, and how topics are laid out. */
export const kafkaSettings = {
  kafka_brokers: list({
    default: ['127.0.0.1:9092'],
    env: 'KAFKA_BROKERS',
    doc: 'Brokers to start from, as host:port.',
  }),
  schema_registry_url: text({
    default: 'http://127.0.0.1:8081/apis/ccompat/v7',
    env: 'SCHEMA_REGISTRY_URL',
    secret: 'url',
    doc: 'Base URL of a schema registry that speaks the Confluent API.',
  }),
  kafka_tls: flag({ default: false, env: 'KAFKA_TLS', doc: 'Whether to connect with TLS.' }),
  kafka_sasl_mechanism: choice(['none', 'plain', 'scram-sha-256', 'scram-sha-512'], {
    default: 'none',
    env: 'KAFKA_SASL_MECHANISM',
    doc: 'How to log in to Kafka.',
  }),
  kafka_sasl_username: text({
    default: '',
    env: 'KAFKA_SASL_USERNAME',
    doc: 'User for SASL.',
  }),
  kafka_sasl_password: text({
    default: '',
    env: 'KAFKA_SASL_PASSWORD',
    secret: true,
    doc: 'Password for SASL.',
  }),
  topic_prefix: text({
    default: '',
    doc: 'Put before every topic and consumer group name, so that installations can share a Kafka.',
  }),
  partitions: int({
    default: 8,
    min: 1,
    max: 1024,
    doc: 'Partitions of each topic. Fixed once the topics exist: a trace belongs to one of them.',
  }),
  replication_factor: int({
    default: 1,
    min: 1,
    max: 16,
    doc: 'Copies of each partition, for topics that are created.',
  }),
};

/** How a member of a consumer group keeps its partitions. */
export const memberSettings = {
  session_timeout_ms: int({
    default: 30_000,
    min: 1000,
    max: 1_800_000,
    unit: 'ms',
    doc: 'A worker that Kafka has not heard of for this long loses its partitions to the others. The broker has bounds of its own.',
  }),
};

/** How to reach Redis. */
export const redisSettings = {
  redis_url: text({
    default: 'redis://127.0.0.1:6379',
    env: 'REDIS_URL',
    secret: 'url',
    doc: 'Redis to keep open windows in: redis:// or rediss://, with user, password and database where needed.',
  }),
  redis_timeout_ms: int({
    default: 10_000,
    min: 100,
    max: 600_000,
    doc: 'How long a command may wait for Redis; once Redis is away for longer, commands fail at once.',
  }),
};

/** How to reach ClickHouse. */
export const clickhouseSettings = {
  clickhouse_url: text({
    default: 'http://127.0.0.1:8123',
    env: 'CLICKHOUSE_URL',
    secret: 'url',
    doc: 'HTTP interface of ClickHouse.',
  }),
  clickhouse_database: text({
    default: 'spanloom',
    env: 'CLICKHOUSE_DATABASE',
    doc: 'Database that the tables are in.',
  }),
  clickhouse_user: text({ default: 'default', env: 'CLICKHOUSE_USER', doc: 'ClickHouse user.' }),
  clickhouse_password: text({
    default: '',
    env: 'CLICKHOUSE_PASSWORD',
    secret: true,
    doc: 'ClickHouse password.',
  }),
};

/** What every process has. Takes the service's own default admin port. */
export function processSettings(adminPort: number) {
  return {
    admin_port: int({
      default: adminPort,
      min: 0,
      max: 65535,
      doc: 'Port of /livez, /readyz and /metrics; 0 takes any free one.',
    }),
    log_level: choice(LOG_LEVELS, { default: 'info', doc: 'The least important lines to log.' }),
    drain_timeout_ms: int({
      default: 20_000,
      min: 100,
      max: 600_000,
      doc: 'How long a stopping process may take to finish its work before it exits with an error.',
    }),
  };
}

/** The settings that one file may hold for all services together: unused ones are no error. */
export const SHARED_SETTING_NAMES: ReadonlySet<string> = new Set(
  Object.keys({
    ...kafkaSettings,
    ...memberSettings,
    ...redisSettings,
    ...clickhouseSettings,
    ...processSettings(0),
  }),
);
