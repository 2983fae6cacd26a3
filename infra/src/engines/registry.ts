import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { requireFreePort } from '../process/ports';
import { httpOk } from '../process/probe';
import { readCatalogue, requireInstalled } from './catalogue';
import { type Engine, type EngineOptions, PORT_VARIABLES } from './engine';
import { javaCommand } from './java';
import { launchEngine } from './launch';

const READY_MS = 60_000;
const STOP_MS = 15_000;

/** It serves a handful of requests a day: the quick compiler is all it needs. */
const JVM = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/**
 * Starts the schema registry. Its database is a file: an id that was handed out must never come to mean
 * another schema, so each commit is on its way to the system before the answer goes out (`WRITE_DELAY=0`).
 * Errors: engine-missing, port-in-use, engine-unavailable.
 */
export async function startRegistry(options: EngineOptions): Promise<Engine> {
  const { registry } = readCatalogue();
  const home = requireInstalled(options.cache, registry.folder, 'The schema registry');
  await requireFreePort(options.port, 'the schema registry', PORT_VARIABLES.registry);
  mkdirSync(options.dir, { recursive: true });
  const database = join(options.dir, 'registry');
  const url = `http://127.0.0.1:${options.port}/apis/ccompat/v7`;
  return launchEngine(
    {
      name: 'registry',
      command: javaCommand(process.env),
      args: [...JVM, '-jar', join(home, registry.jar)],
      env: {
        ...process.env,
        REGISTRY_DATASOURCE_URL: `jdbc:h2:file:${database};WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE`,
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(options.port),
        QUARKUS_LOG_CONSOLE_JSON: 'false',
        LOG_LEVEL: 'WARN',
      },
      url,
      probe: () => httpOk(`${url}/subjects`),
      ready_ms: READY_MS,
      stop_ms: STOP_MS,
    },
    options,
  );
}
