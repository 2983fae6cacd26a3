import { createServer } from 'node:net';
import { SpanloomError } from '@spanloom/runtime';

const HOST = '127.0.0.1';

function tryListen(port: number): Promise<{ port: number } | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, HOST, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve({ port: bound }));
    });
  });
}

/**
 * Throws SpanloomError('port-in-use') that names the port, who wants it and the setting that moves it.
 * Engines of other languages say this late and in many words, so it is asked before they start.
 */
export async function requireFreePort(port: number, who: string, setting: string): Promise<void> {
  const outcome = await tryListen(port);
  if (!(outcome instanceof Error)) return;
  if (outcome.code !== 'EADDRINUSE') {
    throw new SpanloomError('port-in-use', `port ${port} for ${who}: ${outcome.message}`, {
      cause: outcome,
    });
  }
  throw new SpanloomError(
    'port-in-use',
    `port ${port} is in use, and ${who} wants it: stop what uses it, or choose another with ${setting}`,
    { details: { port, setting } },
  );
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const outcome = await tryListen(0);
    if (outcome instanceof Error) throw outcome;
    ports.add(outcome.port);
  }
  return [...ports];
}
