/** What the port needs to know of a Kafka; the `kafkaSettings` group of @spanloom/runtime fits as it is. */
export interface KafkaConfig {
  /** `host:port` of the brokers to start from. */
  readonly kafka_brokers: readonly string[];
  /** Base address of a Confluent-compatible schema registry. */
  readonly schema_registry_url: string;
  readonly kafka_tls?: boolean;
  /** '' or 'none' for no SASL; else plain, scram-sha-256 or scram-sha-512. */
  readonly kafka_sasl_mechanism?: string;
  readonly kafka_sasl_username?: string;
  readonly kafka_sasl_password?: string;
  /** Put before every topic and group name. */
  readonly topic_prefix: string;
  /** Partitions of each of our topics. */
  readonly partitions: number;
  readonly replication_factor: number;
  /** Greatest size of a record batch that is sent, in bytes before compression. */
  readonly message_bytes_max?: number;
}

/** Default of `message_bytes_max`: a little under the broker's own default of 1,048,588. */
export const MESSAGE_BYTES_MAX_DEFAULT = 1_000_000;
