import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SpanloomError } from '@spanloom/runtime';
import { requireFreePort } from '../process/ports';
import { httpOk } from '../process/probe';
import { type Engine, type EngineOptions, PORT_VARIABLES } from './engine';
import { launchEngine } from './launch';

const READY_MS = 60_000;
const STOP_MS = 30_000;

/** The compiled front; the same file whether this module runs compiled or from source. */
const FRONT = join(__dirname, '..', '..', 'dist', 'clickhouse-front', 'main.js');

/**
 * Starts the embedded ClickHouse behind its HTTP front, as a process of its own.
 * Errors: engine-missing, port-in-use, engine-unavailable.
 */
export async function startClickHouse(options: EngineOptions): Promise<Engine> {
  await requireFreePort(options.port, 'ClickHouse', PORT_VARIABLES.clickhouse);
  if (!existsSync(FRONT)) {
    throw new SpanloomError(
      'engine-missing',
      `the ClickHouse front is not built (${FRONT}): run "npm run setup"`,
    );
  }
  mkdirSync(options.dir, { recursive: true });
  const url = `http://127.0.0.1:${options.port}`;
  return launchEngine(
    {
      name: 'clickhouse',
      command: process.execPath,
      // The bodies of inserts pass through; helper threads would only look for work from each other.
      args: ['--single-threaded-gc', FRONT],
      env: {
        ...process.env,
        // The front is an engine: settings meant for the services are none of its business.
        SPANLOOM_CONFIG: '',
        SPANLOOM_LOG_LEVEL: 'info',
        SPANLOOM_CLICKHOUSE_DIR: join(options.dir, 'data'),
        SPANLOOM_CLICKHOUSE_PORT: String(options.port),
      },
      url,
      probe: () => httpOk(`${url}/?query=SELECT%201`),
      ready_ms: READY_MS,
      stop_ms: STOP_MS,
    },
    options,
  );
}
