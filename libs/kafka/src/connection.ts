import { type Logger, SpanloomError } from '@spanloom/runtime';
import {
  type ISocketFactory,
  Kafka as KafkaJs,
  type KafkaConfig as KafkaJsConfig,
  logLevel,
  type SASLOptions,
} from 'kafkajs';
import type { KafkaConfig } from './config';
import { guardIdleSpin } from './idle-spin';
import { type BrokerMetadataPartition, Cluster } from './internals';
import { asSpanloomError, brokenBroker } from './kafka-errors';
import { leanReading, openSocket } from './lean-connection';

const CONNECT_TIMEOUT_MS = 5_000;
const AUTHENTICATE_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const METADATA_AGE_MS_MAX = 300_000;
const READ_COMMITTED = 1;

/**
 * Tries inside kafkajs: few and quick, because the loops around it know better whether to go on.
 * Given in full, as kafkajs takes other defaults when NODE_ENV is 'test'.
 */
export const QUICK_RETRY = {
  retries: 3,
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  factor: 0.2,
  multiplier: 2,
} as const;

/** How to open connections: kafkajs' client for what its public API does well, clusters for the rest. */
export interface Connections {
  readonly client: KafkaJs;
  /** A set of connections of its own, not yet connected. */
  createCluster(): Cluster;
  /**
   * Lends a set of connections to `work`, and closes it after. Each piece of work has its own: a cluster keeps asking
   * for every topic that it was ever asked about, and fails whole when one of them has been deleted.
   */
  withCluster<T>(work: (cluster: Cluster) => Promise<T>): Promise<T>;
}

/** Prepares connections to the cluster that `config` names; opens none yet. */
export function createConnections(
  config: KafkaConfig,
  clientId: string,
  logger: Logger,
): Connections {
  guardIdleSpin();
  leanReading();
  const brokers = [...config.kafka_brokers];
  const ssl = config.kafka_tls ?? false;
  const sasl = saslOptions(config);
  const client = new KafkaJs({
    brokers,
    clientId,
    ssl,
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: AUTHENTICATE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: QUICK_RETRY,
    socketFactory: openSocket as ISocketFactory,
    logLevel: logLevel.WARN,
    logCreator: () => logTo(logger),
  } satisfies KafkaJsConfig);
  const createCluster = (): Cluster =>
    new Cluster({
      logger: client.logger(),
      retry: QUICK_RETRY,
      socketFactory: openSocket,
      brokers,
      ssl,
      sasl,
      clientId,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      authenticationTimeout: AUTHENTICATE_TIMEOUT_MS,
      reauthenticationThreshold: 10_000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      enforceRequestTimeout: true,
      metadataMaxAge: METADATA_AGE_MS_MAX,
      allowAutoTopicCreation: false,
      maxInFlightRequests: null,
      isolationLevel: READ_COMMITTED,
    });
  const withCluster: Connections['withCluster'] = async (work) => {
    const cluster = createCluster();
    try {
      return await work(cluster);
    } finally {
      void cluster.disconnect().catch(() => undefined);
    }
  };
  return { client, createCluster, withCluster };
}

function saslOptions(config: KafkaConfig): SASLOptions | undefined {
  const mechanism = config.kafka_sasl_mechanism ?? 'none';
  if (mechanism === '' || mechanism === 'none') return undefined;
  const username = config.kafka_sasl_username ?? '';
  const password = config.kafka_sasl_password ?? '';
  switch (mechanism) {
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      // One return for each of the union's members would say the same three times.
      return { mechanism, username, password } as SASLOptions;
    default:
      throw new SpanloomError(
        'config-invalid',
        `kafka_sasl_mechanism is '${mechanism}': use none, plain, scram-sha-256 or scram-sha-512`,
      );
  }
}

/** kafkajs' warnings are about things that we handle and report ourselves, so they are for whoever debugs. */
function logTo(logger: Logger): (entry: { log: { message: string }; namespace: string }) => void {
  return ({ namespace, log }) => {
    const { message, ...fields } = log;
    logger.debug({ namespace, ...fields }, `kafkajs: ${message}`);
  };
}

/** Connects, and loads the partitions of `topic`. SpanloomError when that fails or the topic is not there. */
export async function connectTo(
  cluster: Cluster,
  topic: string,
): Promise<readonly BrokerMetadataPartition[]> {
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    await cluster.refreshMetadataIfNecessary();
    return cluster.findTopicPartitionMetadata(topic);
  } catch (error) {
    throw asSpanloomError(error, `connecting to Kafka for topic ${topic}`, { topic });
  }
}

/** Partitions of a topic by the node that leads them, as of the latest metadata; those without a leader are left out. */
export function partitionsByLeader(
  cluster: Cluster,
  topic: string,
  partitions: Iterable<number>,
): ReadonlyMap<number, readonly number[]> {
  const leaders = new Map(
    cluster.findTopicPartitionMetadata(topic).map((p) => [p.partitionId, p.leader]),
  );
  const byLeader = new Map<number, number[]>();
  for (const partition of partitions) {
    const leader = leaders.get(partition);
    if (leader === undefined || leader < 0) continue;
    const list = byLeader.get(leader);
    if (list === undefined) byLeader.set(leader, [partition]);
    else list.push(partition);
  }
  return byLeader;
}

/** After a failed request: drops the broken connection and loads fresh metadata. Never rejects; the next request will tell. */
export async function recover(cluster: Cluster, error: unknown): Promise<void> {
  const broken = brokenBroker(error);
  try {
    if (broken !== undefined) cluster.removeBroker(broken);
    await cluster.connect();
    await cluster.refreshMetadata();
  } catch {
    // Still down: whoever called retries, and counts.
  }
}
