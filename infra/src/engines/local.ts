import { join } from 'node:path';
import type { Clock, Logger } from '@spanloom/runtime';
import { engineCache } from './catalogue';
import { startClickHouse } from './clickhouse';
import type { Engine, EngineName, EngineOptions } from './engine';
import { startKafka } from './kafka';
import { startRedis } from './redis';
import { startRegistry } from './registry';

/** Where a set of local engines lives. */
export interface LocalOptions {
  /** Data goes to `<root>/data/<engine>`, logs to `<root>/logs/<engine>.log`. */
  readonly root: string;
  readonly dieWithParent?: boolean;
  /** For an engine behind a proxy: the port that it tells its clients. */
  readonly advertisedPort?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const STARTERS: Readonly<Record<EngineName, (options: EngineOptions) => Promise<Engine>>> = {
  kafka: startKafka,
  registry: startRegistry,
  redis: startRedis,
  clickhouse: startClickHouse,
};

/** Folder of one engine's data. */
export function engineDir(root: string, name: EngineName): string {
  return join(root, 'data', name);
}

/** Starts one local engine on a port. Errors: engine-missing, port-in-use, engine-unavailable. */
export function startLocalEngine(
  name: EngineName,
  port: number,
  options: LocalOptions,
): Promise<Engine> {
  return STARTERS[name]({
    dir: engineDir(options.root, name),
    port,
    advertisedPort: options.advertisedPort,
    logFile: join(options.root, 'logs', `${name}.log`),
    cache: engineCache(process.env),
    dieWithParent: options.dieWithParent ?? false,
    signal: options.signal,
    clock: options.clock,
    logger: options.logger,
  });
}
