import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type Logger, systemClock } from '@spanloom/runtime';
import { freePorts } from '../process/ports';
import { ENGINE_NAMES, ENGINE_VARIABLES, type Engine, type EngineName } from './engine';
import { engineDir, startLocalEngine } from './local';

/** An isolated set of local engines. */
export interface TestEngines {
  /** KAFKA_BROKERS and so on, of the engines that were asked for. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of data and logs. */
  readonly root: string;
  /** The current process of an engine. */
  engine(name: EngineName): Engine;
  /** kill -9; the data stays as the process left it. */
  kill(name: EngineName): Promise<void>;
  /** Starts a stopped or killed engine again on its port; `wipe` takes its data away first. */
  restart(name: EngineName, options?: { readonly wipe?: boolean }): Promise<Engine>;
  /** Ends all, and removes the folder. */
  stop(): Promise<void>;
}

/** Options of {@link startTestEngines}. */
export interface TestEnginesOptions {
  /** Which engines; all by default. */
  readonly engines?: readonly EngineName[];
  /** Keep this folder instead of making, and in the end removing, a temporary one. */
  readonly root?: string;
  /** Fixed ports; any free one for the others. */
  readonly ports?: Partial<Readonly<Record<EngineName, number>>>;
  /** The port that Kafka tells its clients, when they are to come through a proxy. */
  readonly kafkaAdvertisedPort?: number;
  readonly logger?: Logger;
}

/**
 * Starts engines for a test run: free ports, a folder of their own, and gone with the process that started
 * them, even when that is killed. Start one set per run and share it; use topic prefixes, key prefixes and
 * databases to keep tests apart. Errors: engine-missing, engine-unavailable.
 */
export async function startTestEngines(options: TestEnginesOptions = {}): Promise<TestEngines> {
  const names = options.engines ?? ENGINE_NAMES;
  const root = options.root ?? mkdtempSync(join(tmpdir(), 'spanloom-test-'));
  const found = await freePorts(names.length);
  const ports = new Map(names.map((n, i) => [n, options.ports?.[n] ?? (found[i] as number)]));
  const logger = options.logger ?? createLogger({ service: 'test-engines', level: 'warn' });
  const running = new Map<EngineName, Engine>();
  const start = async (name: EngineName): Promise<Engine> => {
    const local = {
      root,
      dieWithParent: true,
      advertisedPort: name === 'kafka' ? options.kafkaAdvertisedPort : undefined,
      clock: systemClock,
      logger,
    };
    const engine = await startLocalEngine(name, ports.get(name) as number, local);
    running.set(name, engine);
    return engine;
  };
  const engineOf = (name: EngineName): Engine => {
    const engine = running.get(name);
    if (engine === undefined) throw new Error(`${name} was not started`);
    return engine;
  };
  const stop = async (): Promise<void> => {
    // Nobody reads this data again, so nothing is gained by letting it be flushed.
    await Promise.all([...running.values()].map((engine) => engine.kill()));
    if (options.root === undefined) rmSync(root, { recursive: true, force: true });
  };
  const outcomes = await Promise.allSettled(names.map(start));
  const failed = outcomes.find((o) => o.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    env: Object.fromEntries(names.map((n) => [ENGINE_VARIABLES[n], engineOf(n).url])),
    root,
    engine: engineOf,
    kill: (name) => engineOf(name).kill(),
    restart: async (name, { wipe = false } = {}) => {
      await engineOf(name).stop();
      if (wipe) rmSync(engineDir(root, name), { recursive: true, force: true });
      return start(name);
    },
    stop,
  };
}
