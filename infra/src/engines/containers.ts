import { type Logger, SpanloomError } from '@spanloom/runtime';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { freePorts } from '../process/ports';
import { readCatalogue } from './catalogue';
import { ENGINE_VARIABLES, type EngineName } from './engine';

/** Engines in containers. */
export interface Containers {
  readonly env: Readonly<Record<string, string>>;
  /** Stops and removes them, with their data. */
  stop(): Promise<void>;
}

type Started = { readonly url: string; readonly container: StartedTestContainer };

const STARTUP_TIMEOUT_MS = 180_000;

const at = (container: StartedTestContainer, port: number): string =>
  `${container.getHost()}:${container.getMappedPort(port)}`;

/** A client follows the address that the broker advertises, so the outer port is chosen before the start. */
async function startKafka(image: string): Promise<Started> {
  const [port = 0] = await freePorts(1);
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      KAFKA_LISTENERS: 'PLAINTEXT://:19092,OUTER://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:19092,OUTER://localhost:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
        'PLAINTEXT:PLAINTEXT,OUTER:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(STARTUP_TIMEOUT_MS)
    .start();
  return { url: at(container, 9092), container };
}

async function startRegistry(image: string): Promise<Started> {
  const path = '/apis/ccompat/v7';
  const container = await new GenericContainer(image)
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHttp(`${path}/subjects`, 8080))
    .withStartupTimeout(STARTUP_TIMEOUT_MS)
    .start();
  return { url: `http://${at(container, 8080)}${path}`, container };
}

async function startRedis(image: string): Promise<Started> {
  const container = await new GenericContainer(image)
    .withExposedPorts(6379)
    .withCommand(['redis-server', '--appendonly', 'yes', '--maxmemory', '2gb'])
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .withStartupTimeout(STARTUP_TIMEOUT_MS)
    .start();
  return { url: `redis://${at(container, 6379)}`, container };
}

async function startClickHouse(image: string): Promise<Started> {
  const container = await new GenericContainer(image)
    .withExposedPorts(8123)
    // Without a password the image lets its default user in from inside the container only.
    .withEnvironment({ CLICKHOUSE_SKIP_USER_SETUP: '1' })
    .withWaitStrategy(Wait.forHttp('/ping', 8123))
    .withStartupTimeout(STARTUP_TIMEOUT_MS)
    .start();
  return { url: `http://${at(container, 8123)}`, container };
}

const STARTERS: Readonly<Record<EngineName, (image: string) => Promise<Started>>> = {
  kafka: startKafka,
  registry: startRegistry,
  redis: startRedis,
  clickhouse: startClickHouse,
};

/** Starts engines as containers. SpanloomError('engine-unavailable') when that fails, Docker missing included. */
export async function startContainers(
  names: readonly EngineName[],
  logger: Logger,
): Promise<Containers> {
  const { images } = readCatalogue();
  const outcomes = await Promise.allSettled(names.map((name) => STARTERS[name](images[name])));
  const started = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(({ container }) => container.stop()));
  };
  const failed = outcomes.find((o) => o.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw new SpanloomError(
      'engine-unavailable',
      `the engines cannot be started as containers: ${String(failed.reason)}. ` +
        'Is Docker running? Without it, unset SPANLOOM_ENGINES to use local engines',
      { cause: failed.reason },
    );
  }
  const env = Object.fromEntries(
    started.map(({ url }, i) => [ENGINE_VARIABLES[names[i] as EngineName], url]),
  );
  logger.info({ engines: names }, 'engines are up as containers');
  return { env, stop };
}
