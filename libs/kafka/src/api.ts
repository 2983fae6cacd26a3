import type { Logger } from '@spanloom/runtime';
import type { CommittedOffset, PartitionRunner, RunPartitionsOptions } from './partitions';
import type { KafkaRecord, LogRange, OutgoingRecord } from './record';

/** What the port is given. */
export interface KafkaDeps {
  readonly logger: Logger;
  /** Shown in the broker's logs and quotas. */
  readonly clientId: string;
}

/** A connection to one Kafka cluster and its schema registry. */
export interface Kafka {
  /** Name of one of our topics, prefix included. */
  topic(name: TopicName): string;
  /** A connected admin client; one per Kafka, shared. */
  admin(): Promise<Admin>;
  /** A connected producer. */
  producer(options: ProducerOptions): Promise<Producer>;
  /** Joins a consumer group and gives each assigned partition its own processor. Resolves when first joined. */
  runPartitions(options: RunPartitionsOptions): Promise<PartitionRunner>;
  registry(): Registry;
  /**
   * Reads [from, to) of a partition outside of any group. Calls `onRecords` with consecutive records, one call at a
   * time. 'state-corrupt' when the log no longer reaches back to `from`; 'timeout' when nothing comes for 30 s.
   */
  readRange(
    range: LogRange,
    onRecords: (records: readonly KafkaRecord[]) => Promise<void> | void,
  ): Promise<void>;
  /** Closes everything that was opened through this object. */
  close(): Promise<void>;
}

/** The topics of Spanloom, without prefix. */
export type TopicName =
  | 'spans'
  | 'traces'
  | 'latency'
  | 'figures'
  | 'self-times'
  | 'anomalies'
  | 'dead-letters';

/** A topic as it must be. */
export interface TopicSpec {
  /** Full name, prefix included. */
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic settings to create with. */
  readonly config: Readonly<Record<string, string>>;
  /** Those settings of `config` that an existing topic must have too, exactly or as a minimum; the others are defaults. */
  readonly required: Readonly<Record<string, 'equal' | 'at-least'>>;
}

/** A topic as it is. */
export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Offsets of a partition: first that is still there, and the one after the last. */
export interface PartitionOffsets {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** Lag of a group on one partition, in records. */
export interface PartitionLag extends PartitionOffsets {
  readonly committed: number | null;
  readonly lag: number;
}

/** Reads and makes what is on the cluster besides records. Engine failures → SpanloomError('engine-unavailable'), retriable. */
export interface Admin {
  /** Creates missing topics, checks existing ones; SpanloomError('topic-mismatch') names topic, setting, found, wanted, cure. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** Partition count and settings; null when the topic does not exist. */
  describe(topic: string): Promise<TopicDescription | null>;
  /** Low and high offsets of all partitions. */
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /** What a group committed, for all partitions of a topic, metadata included. */
  fetchCommitted(
    group: string,
    topic: string,
  ): Promise<readonly (CommittedOffset & { readonly partition: number })[]>;
  /** First offset whose timestamp is at or after `timestampMs`; null when there is none. */
  offsetForTimestamp(topic: string, partition: number, timestampMs: number): Promise<number | null>;
  /** How far a group is behind, per partition; without a commit the lag counts from the low offset. */
  groupLag(group: string, topic: string): Promise<readonly PartitionLag[]>;
  /** Sets a group's offsets; the group must have no members. */
  setCommitted(
    group: string,
    topic: string,
    offsets: readonly {
      readonly partition: number;
      readonly offset: number;
      readonly metadata?: string;
    }[],
  ): Promise<void>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  deleteGroups(groups: readonly string[]): Promise<void>;
  listTopics(): Promise<readonly string[]>;
}

/** Compression of record batches. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Options of `Kafka.producer`. */
export interface ProducerOptions {
  readonly compression: Compression;
  /**
   * One request in flight at a time, idempotent: records of a partition arrive in the order in which
   * `send` was called, each once. Without it several requests go out side by side. Default false.
   */
  readonly inOrder?: boolean;
  /** Requests under way at a time where not in order; further `send`s wait. Default 5. */
  readonly inFlightMax?: number;
  /** Longest time that a record is retried, ms. Default 30,000. */
  readonly deliveryTimeoutMs?: number;
  /** Told in words when Kafka takes seconds to acknowledge a send, and null when it no longer does. */
  readonly onSlow?: (text: string | null) => void;
}

/** What the broker said when it had taken the records of one `send`. */
export interface SendReceipt {
  /** The latest append time among their batches, ms since 1970; null where the broker does not stamp the topic. */
  readonly appendedAt_ms: number | null;
}

/** Writes records, acknowledged by all in-sync replicas. */
export interface Producer {
  /**
   * Resolves when every record is acknowledged. Record batches are split under `message_bytes_max`.
   * Rejects with a retriable SpanloomError('engine-unavailable') when retries ran out (some records may have
   * been written), or 'kafka-fatal' when sending again is no use (one record alone too large, no such topic).
   */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<SendReceipt>;
  /** Waits for what is under way, then disconnects. */
  close(): Promise<void>;
}

/** Register and look-up of Avro schemas; ids are cached for the life of the process. */
export interface Registry {
  /** Registers `schema` under `subject` with BACKWARD compatibility → its id. 'schema-incompatible' when refused. */
  register(subject: string, schema: object): Promise<number>;
  /** The schema's parsed JSON; null when the registry does not know the id. */
  schemaById(id: number): Promise<object | null>;
}
