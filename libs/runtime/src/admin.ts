import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanloomError } from './errors';
import type { Health, HealthAnswer } from './health';
import type { Logger } from './logger';
import type { Metrics } from './metrics';

/** A running admin server. */
export interface AdminServer {
  /** The port it listens on. */
  readonly port: number;
  /** Stops listening and cuts open connections. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 64;
const REQUEST_TIMEOUT_MS = 10_000;

function sendHealth(response: ServerResponse, answer: HealthAnswer): void {
  response.writeHead(answer.ok ? 200 : 503, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(answer)}\n`);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  deps: { readonly health: Health; readonly metrics: Metrics },
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else if (path === '/livez') {
    sendHealth(response, deps.health.alive());
  } else if (path === '/readyz') {
    sendHealth(response, deps.health.ready());
  } else if (path === '/metrics') {
    const { contentType, body } = await deps.metrics.expose();
    response.writeHead(200, { 'content-type': contentType }).end(body);
  } else {
    response.writeHead(404, { 'content-type': 'text/plain' });
    response.end('Try /livez, /readyz or /metrics.\n');
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        new SpanloomError(
          inUse ? 'port-in-use' : 'internal',
          inUse
            ? `port ${port} is in use; stop what listens there, or set another port (SPANLOOM_ADMIN_PORT)`
            : `the admin server cannot listen on port ${port}: ${error.message}`,
          { cause: error, details: { port } },
        ),
      );
    });
    server.listen(port, () => resolve((server.address() as AddressInfo).port));
  });
}

/**
 * Serves /livez, /readyz (200, or 503 with the reason as JSON) and /metrics (Prometheus text).
 * Port 0 takes any free one. Throws `SpanloomError('port-in-use')` when the port is taken.
 */
export async function startAdminServer(options: {
  readonly port: number;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: Logger;
}): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.logger.error({ error, path: request.url }, 'admin request failed');
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  const port = await listen(server, options.port);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
