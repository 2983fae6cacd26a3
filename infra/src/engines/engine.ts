import type { Clock, Logger } from '@spanloom/runtime';
import type { ProcessIdentity } from '../process/identity';

/** The engines that Spanloom works on. */
export type EngineName = 'kafka' | 'registry' | 'redis' | 'clickhouse';

/** All of them, in the order in which they are shown. */
export const ENGINE_NAMES: readonly EngineName[] = ['kafka', 'registry', 'redis', 'clickhouse'];

/** What a local engine is started with. */
export interface EngineOptions {
  /** Folder of its data; it is created, and kept when the engine stops. */
  readonly dir: string;
  readonly port: number;
  /** For Kafka behind a proxy: the port that it tells its clients. */
  readonly advertisedPort?: number | undefined;
  readonly logFile: string;
  /** Where its programs are; see `engineCache`. */
  readonly cache: string;
  /** End it with this process even when this process is killed. For tests. */
  readonly dieWithParent?: boolean;
  /** Gives up starting. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A running local engine. */
export interface Engine {
  readonly name: EngineName;
  /** What the services' setting for it takes: `host:port` for Kafka, a URL for the others. */
  readonly url: string;
  readonly port: number;
  readonly identity: ProcessIdentity;
  /** Resolves with a description when the process has ended, by itself or not. */
  readonly ended: Promise<string>;
  running(): boolean;
  /** Stops cleanly; the data stays. */
  stop(): Promise<void>;
  /** kill -9: nothing is flushed. */
  kill(): Promise<void>;
}

/** The environment variable by which services, and people, name each engine. */
export const ENGINE_VARIABLES: Readonly<Record<EngineName, string>> = {
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  redis: 'REDIS_URL',
  clickhouse: 'CLICKHOUSE_URL',
};

/** The setting that moves each local engine's port. */
export const PORT_VARIABLES: Readonly<Record<EngineName, string>> = {
  kafka: 'SPANLOOM_KAFKA_PORT',
  registry: 'SPANLOOM_REGISTRY_PORT',
  redis: 'SPANLOOM_REDIS_PORT',
  clickhouse: 'SPANLOOM_CLICKHOUSE_PORT',
};

/** Ports that local engines take by default. */
export const DEFAULT_PORTS: Readonly<Record<EngineName, number>> = {
  kafka: 9092,
  registry: 8081,
  redis: 6379,
  clickhouse: 8123,
};
