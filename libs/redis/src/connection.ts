import type { Clock, Logger } from '@spanloom/runtime';
import { Redis, type RedisOptions } from 'ioredis';
import { messageOf, toSpanloomError, unavailable } from './errors';

const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_BASE_MS = 50;
const RECONNECT_MAX_MS = 1_000;
const KEEP_ALIVE_MS = 10_000;
const DISCONNECT_TIMEOUT_MS = 200;

/** The wait before the n-th attempt to reconnect (from 1): exponential with half of it jitter, bounded. */
export function reconnectDelayMs(n: number, random: () => number = Math.random): number {
  const bound_ms = Math.min(RECONNECT_MAX_MS, RECONNECT_BASE_MS * 2 ** Math.min(n - 1, 20));
  return Math.round(bound_ms * (0.5 + random() / 2));
}

/** Host, port and database of a Redis URL, without its credentials. */
export function addressOf(url: string): string {
  const { host, pathname } = new URL(url);
  return host + (pathname === '/' ? '' : pathname);
}

/**
 * Opens a connection that comes back by itself. While it is away, commands wait, each for at most
 * `timeout_ms`; once it has been away for longer than that they fail at once. Both failures are
 * `engine-unavailable` and retriable, and the outcome of a command that had been sent is then unknown:
 * it may have been applied, or may still be, so whoever sends writes must be safe against repeats.
 */
export function connect(
  url: string,
  deps: { readonly logger: Logger; readonly clock: Clock; readonly timeout_ms: number },
): Redis {
  const address = addressOf(url);
  const options: RedisOptions = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: deps.timeout_ms,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (n) => reconnectDelayMs(n),
  };
  const client = new Redis(url, options);
  const absence = watchConnection(client, address, deps);
  const send = client.sendCommand.bind(client);

  // The one gate that every command passes, pipelines and scripts included.
  client.sendCommand = (command, stream) => {
    const reject = command.reject;
    command.reject = (error) => reject(toSpanloomError(address, error) as Error);
    const away_ms = absence.away_ms();
    if (away_ms > deps.timeout_ms) {
      reject(unavailable(address, `away for ${Math.round(away_ms)} ms: ${absence.lastError()}`));
      return command.promise;
    }
    return send(command, stream);
  };
  return client;
}

/** Logs when the connection goes and comes back, once each, and knows how long it has been away. */
function watchConnection(
  client: Redis,
  address: string,
  deps: { readonly logger: Logger; readonly clock: Clock },
) {
  let awaySince_ms: number | null = deps.clock.monotonicMs();
  let lastError = 'no connection yet';
  let reported = false;

  client.on('error', (error: unknown) => {
    lastError = messageOf(error);
    if (reported) return;
    reported = true;
    deps.logger.warn({ address, error }, 'redis is away; reconnecting');
  });
  client.on('close', () => {
    awaySince_ms ??= deps.clock.monotonicMs();
  });
  // 'connect' and not 'ready': the client's own handshake commands must pass the gate.
  client.on('connect', () => {
    awaySince_ms = null;
  });
  client.on('ready', () => {
    reported = false;
    deps.logger.info({ address }, 'redis is connected');
  });
  return {
    away_ms: () => (awaySince_ms === null ? 0 : deps.clock.monotonicMs() - awaySince_ms),
    lastError: () => lastError,
  };
}
