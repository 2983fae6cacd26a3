import { createServer } from 'node:net';
import { SpanloomError } from '@spanloom/runtime';

const HOST = '127.0.0.1';

type Attempt =
  | { readonly kind: 'free'; readonly port: number }
  | { readonly kind: 'refused'; readonly error: NodeJS.ErrnoException };

function tryListen(port: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve({ kind: 'refused', error }));
    server.listen(port, HOST, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve({ kind: 'free', port: bound }));
    });
  });
}

/**
 * Throws SpanloomError('port-in-use') that names the port, who wants it and the setting that moves it.
 * Engines of other languages say this late and in many words, so it is asked before they start.
 */
export async function requireFreePort(port: number, who: string, setting: string): Promise<void> {
  const attempt = await tryListen(port);
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

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const attempt = await tryListen(0);
    if (attempt.kind === 'refused') throw attempt.error;
    ports.add(attempt.port);
  }
  return [...ports];
}
