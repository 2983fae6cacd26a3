import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real redis-server of a test's own, in a directory of its own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  start(): Promise<void>;
  /** Kills the process; `start` brings an empty one back on the same port. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  remove(): Promise<void>;
}

const UP_ATTEMPTS_MAX = 100;

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Prepares a server on a free port; `flags` are redis-server's own. */
export async function createRedisServer(flags: readonly string[] = []): Promise<RedisServer> {
  if (spawnSync('redis-server', ['--version']).error) {
    throw new Error(
      'redis-server is missing: install it (Debian, Ubuntu: apt-get install redis-server)',
    );
  }
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'spanloom-redis-'));
  let child: ChildProcess | null = null;

  const kill = async (): Promise<void> => {
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    child = null;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    async start() {
      const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
      child = spawn('redis-server', [...where, ...flags], { stdio: 'ignore' });
      for (let n = 0; n < UP_ATTEMPTS_MAX; n++) {
        if (await accepts(port)) return;
        await sleep(50);
      }
      throw new Error(`redis-server did not come up on port ${port}`);
    },
    kill,
    signal: (name) => void child?.kill(name),
    async remove() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
