import type { TopicName, TopicSpec } from './api';
import { type KafkaConfig, MESSAGE_BYTES_MAX_DEFAULT } from './config';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Room for the record batch's own header and what producers in other languages add. */
const BATCH_SLACK_BYTES = 48_588;

/**
 * How long each topic keeps records. Spans and fragments must outlive the longest outage and the rebuilds that
 * people do; dead letters and anomalies wait for a person.
 */
const RETENTION_MS: Readonly<Record<TopicName, number>> = {
  spans: 3 * DAY_MS,
  traces: 3 * DAY_MS,
  latency: 3 * DAY_MS,
  figures: 3 * DAY_MS,
  'self-times': 1 * DAY_MS,
  anomalies: 14 * DAY_MS,
  'dead-letters': 14 * DAY_MS,
};

/** Full name of one of our topics. */
export function topicName(prefix: string, name: TopicName): string {
  return `${prefix}${name}`;
}

/**
 * The topics that Spanloom needs: all stamped by the broker, none compacted, all with room for our largest record
 * batch. Append times of `spans` and `self-times` are log clocks; on the other topics they keep a producer whose
 * machine has a wrong clock from being refused (INVALID_TIMESTAMP) and retention from going by that clock. Who finds
 * anomalies must see all series in one order: `self-times` and `anomalies` have one partition.
 */
export function topicSpecs(
  config: Pick<
    KafkaConfig,
    'topic_prefix' | 'partitions' | 'replication_factor' | 'message_bytes_max'
  >,
): readonly TopicSpec[] {
  const bytes_max = (config.message_bytes_max ?? MESSAGE_BYTES_MAX_DEFAULT) + BATCH_SLACK_BYTES;
  const spec = (name: TopicName, partitions = config.partitions): TopicSpec => ({
    topic: topicName(config.topic_prefix, name),
    partitions,
    replicationFactor: config.replication_factor,
    config: {
      'cleanup.policy': 'delete',
      'max.message.bytes': String(bytes_max),
      'retention.ms': String(RETENTION_MS[name]),
      'message.timestamp.type': 'LogAppendTime',
    },
    required: {
      'cleanup.policy': 'equal',
      'max.message.bytes': 'at-least',
      'message.timestamp.type': 'equal',
    },
  });
  return [
    spec('spans'),
    spec('traces'),
    spec('latency'),
    spec('figures'),
    spec('self-times', 1),
    spec('anomalies', 1),
    spec('dead-letters'),
  ];
}
