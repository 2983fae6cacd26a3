import { createServer } from 'node:net';
import { SpanloomError } from '@spanloom/runtime';

const HOST = '127.0.0.1';

type Attempt =
  | { readonly kind: 'free' }
  | { readonly kind: 'refused'; readonly error: NodeJS.ErrnoException };

/** @param host where to listen; all addresses when it is left out */
function tryListen(port: number, host?: string): Promise<Attempt> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve({ kind: 'refused', error }));
    server.listen({ port, host }, () => server.close(() => resolve({ kind: 'free' })));
  });
}

/**
 * Throws SpanloomError('port-in-use') that names the port, who wants it and the setting that moves it.
 * Engines of other languages say this late and in many words, so it is asked before they start.
 */
export async function requireFreePort(port: number, who: string, setting: string): Promise<void> {
  const attempt = await tryListen(port, HOST);
  if (attempt.kind === 'free') return;
  const { error } = attempt;
  if (error.code !== 'EADDRINUSE') {
    throw new SpanloomError('port-in-use', `port ${port} for ${who}: ${error.message}`, {
      cause: error,
    });
  }
  throw new SpanloomError(
    'port-in-use',
    `port ${port} is in use, and ${who} wants it: stop what uses it, or choose another with ${setting}`,
    { details: { port, setting } },
  );
}

/** Where ports are looked for: below those that systems give to outgoing connections, or one of these takes it meanwhile. */
export const PORTS = { from: 20_000, count: 12_000 } as const;
const ATTEMPTS_MAX = 1_000;

/**
 * Ports that were free a moment ago, all different; chosen at random, so that several processes that ask at the same
 * time hardly get the same. SpanloomError('port-in-use') when none are to be found.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  for (let attempts = 0; ports.size < count; attempts++) {
    if (attempts === ATTEMPTS_MAX + count) {
      throw new SpanloomError(
        'port-in-use',
        `no free port among ${ATTEMPTS_MAX} from ${PORTS.from} on`,
      );
    }
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    if ((await tryListen(port)).kind === 'free') ports.add(port);
  }
  return [...ports];
}
