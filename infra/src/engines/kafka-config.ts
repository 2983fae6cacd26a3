import { randomBytes } from 'node:crypto';

/** What the configuration file of a local broker is made of. */
export interface KafkaFile {
  readonly dir: string;
  readonly port: number;
  /** The port that clients are told to connect to. */
  readonly advertisedPort: number;
  readonly controllerPort: number;
}

/** A new cluster id in Kafka's form: 16 random bytes, base64 for URLs, not starting with a dash. */
export function newClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

/**
 * Settings of one process that is broker and controller at once. Small where a laptop gains from it;
 * everything that the services rely on is set per topic instead, so it holds on any Kafka.
 */
export function kafkaProperties(file: KafkaFile): string {
  const host = '127.0.0.1';
  const settings: Readonly<Record<string, string | number | boolean>> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${host}:${file.controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: `PLAINTEXT://${host}:${file.port},CONTROLLER://${host}:${file.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${file.advertisedPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': file.dir,
    // A topic that is made by a typing error would have the wrong timestamps and partitions.
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 200,
    // Tests and demos kill workers; the group should notice within seconds.
    'group.min.session.timeout.ms': 1000,
    // How long a broker that was killed keeps a restarted one waiting (default 9 s).
    'broker.session.timeout.ms': 4000,
    'broker.heartbeat.interval.ms': 1000,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    // Two metadata records a second on an idle broker are for clusters that fail over.
    'metadata.max.idle.interval.ms': 5000,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

/** Log4j's settings: to standard output, which goes to the engine's log; warnings and the start only. */
export const KAFKA_LOGGING = `status = error
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
`;
