import { mkdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { SpanloomError } from '@spanloom/runtime';
import { requireFreePort } from '../process/ports';
import { exchange } from '../process/probe';
import { type Engine, type EngineOptions, PORT_VARIABLES } from './engine';
import { launchEngine } from './launch';

const READY_MS = 60_000;
const STOP_MS = 15_000;
const PING = Buffer.from('PING\r\n');
const MEBIBYTE = 1024 * 1024;
const MEMORY_MIB_MAX = 2048;

/** A quarter of the machine, at most 2 GiB; SPANLOOM_REDIS_MEMORY_MB overrides it. */
function memoryMib(env: NodeJS.ProcessEnv): number {
  const given = Number(env.SPANLOOM_REDIS_MEMORY_MB);
  if (Number.isInteger(given) && given > 0) return given;
  return Math.min(MEMORY_MIB_MAX, Math.floor(totalmem() / 4 / MEBIBYTE));
}

/** While it loads its file it answers `-LOADING`, which is no yes. */
async function probe(port: number): Promise<boolean> {
  const answer = await exchange(port, PING, (a) => a.includes('\r\n'));
  return answer.toString().startsWith('+PONG');
}

/**
 * Starts Redis. Windows must survive a killed process, so every write goes to the append-only file; and they
 * must never be evicted, so a full Redis refuses writes instead. Errors: engine-missing, port-in-use.
 */
export async function startRedis(options: EngineOptions): Promise<Engine> {
  await requireFreePort(options.port, 'Redis', PORT_VARIABLES.redis);
  mkdirSync(options.dir, { recursive: true });
  const settings: readonly (readonly [string, string])[] = [
    ['--port', String(options.port)],
    ['--bind', '127.0.0.1'],
    ['--dir', options.dir],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
    ['--save', ''],
    ['--maxmemory', `${memoryMib(process.env)}mb`],
    ['--maxmemory-policy', 'noeviction'],
    ['--daemonize', 'no'],
    ['--loglevel', 'notice'],
  ];
  try {
    return await launchEngine(
      {
        name: 'redis',
        command: 'redis-server',
        args: settings.flat(),
        url: `redis://127.0.0.1:${options.port}`,
        probe: () => probe(options.port),
        ready_ms: READY_MS,
        stop_ms: STOP_MS,
      },
      options,
    );
  } catch (error) {
    if (!(error instanceof SpanloomError) || error.code !== 'engine-missing') throw error;
    throw new SpanloomError(
      'engine-missing',
      'redis-server is not installed: install it (Debian: apt-get install redis-server; macOS: brew install redis), ' +
        'or set REDIS_URL to a running one',
      { cause: error },
    );
  }
}
