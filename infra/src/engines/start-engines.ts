import { type Clock, type Logger, SpanloomError, systemClock } from '@spanloom/runtime';
import { startContainers } from './containers';
import { ENGINE_NAMES, ENGINE_VARIABLES, type Engine, type EngineName } from './engine';
import { startLocalEngine } from './local';
import type { EnginePorts } from './ports';

/** How engines that are not given from outside are had. */
export type EngineKind = 'local' | 'containers';

/** Options of {@link startEngines}. */
export interface StartEnginesOptions {
  readonly kind: EngineKind;
  /** The `.spanloom` folder. */
  readonly root: string;
  readonly ports: EnginePorts;
  /** Engines whose variable is set here are external: they are used and never started or stopped. */
  readonly env: NodeJS.ProcessEnv;
  readonly dieWithParent?: boolean;
  /** Gives up starting; what was started is stopped. */
  readonly signal?: AbortSignal | undefined;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Running engines. */
export interface RunningEngines {
  /** What services need to find them: KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL, CLICKHOUSE_URL. */
  readonly env: Readonly<Record<string, string>>;
  /** Local processes, for those that want to watch or kill one; empty for containers. */
  readonly engines: readonly Engine[];
  /** Names of the engines that were given from outside. */
  readonly external: readonly EngineName[];
  /** Stops what was started here, in reverse order; the data stays. */
  stop(): Promise<void>;
}

/** Which kind SPANLOOM_ENGINES asks for; local by default. SpanloomError('config-invalid'). */
export function engineKind(env: NodeJS.ProcessEnv): EngineKind {
  const kind = env.SPANLOOM_ENGINES || 'local';
  if (kind === 'local' || kind === 'containers') return kind;
  throw new SpanloomError(
    'config-invalid',
    `SPANLOOM_ENGINES: "${kind}" is not known; give "local" or "containers", or set ` +
      `${Object.values(ENGINE_VARIABLES).join(', ')} to use engines that already run`,
  );
}

async function startLocal(
  names: readonly EngineName[],
  options: StartEnginesOptions,
): Promise<{ engines: Engine[]; env: Record<string, string> }> {
  const local = {
    root: options.root,
    dieWithParent: options.dieWithParent ?? false,
    signal: options.signal,
    clock: options.clock ?? systemClock,
    logger: options.logger,
  };
  const outcomes = await Promise.allSettled(
    names.map((name) => startLocalEngine(name, options.ports[name], local)),
  );
  const engines = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
  const failed = outcomes.find((o) => o.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(engines.map((engine) => engine.stop()));
    throw failed.reason;
  }
  const env = Object.fromEntries(engines.map((e) => [ENGINE_VARIABLES[e.name], e.url]));
  return { engines, env };
}

/**
 * Starts the engines that are not given from outside, side by side, and waits until all answer. When one
 * cannot start, the others are stopped and its error is thrown: engine-missing, port-in-use, engine-unavailable.
 */
export async function startEngines(options: StartEnginesOptions): Promise<RunningEngines> {
  const given = (name: EngineName): string => options.env[ENGINE_VARIABLES[name]] ?? '';
  const external = ENGINE_NAMES.filter((name) => given(name) !== '');
  const needed = ENGINE_NAMES.filter((name) => given(name) === '');
  const givenEnv = Object.fromEntries(external.map((n) => [ENGINE_VARIABLES[n], given(n)]));
  if (options.kind === 'containers') {
    const containers = await startContainers(needed, options.logger);
    const env = { ...givenEnv, ...containers.env };
    return { env, engines: [], external, stop: containers.stop };
  }
  const { engines, env } = await startLocal(needed, options);
  return {
    env: { ...givenEnv, ...env },
    engines,
    external,
    stop: async () => {
      await Promise.all(engines.map((engine) => engine.stop()));
    },
  };
}
