import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Logger, SpanloomError } from '@spanloom/runtime';
import type { Answer, ExportHandler } from './export-handler';
import { contentTypeOf } from './otlp-response';

/** How the server treats connections. */
export interface HttpConfig {
  readonly otlp_http_port: number;
  readonly otlp_http_host: string;
  readonly connections_max: number;
  readonly request_timeout_ms: number;
  readonly keep_alive_timeout_ms: number;
  readonly drain_timeout_ms: number;
}

/** A listening server. */
export interface HttpServer {
  readonly port: number;
  /** Stops accepting, lets requests in progress finish, and cuts off what is left near the end of the drain time. */
  close(): Promise<void>;
}

const HEADER_BYTES_MAX = 16_384;
/** The part of the drain time that slow clients get; the rest is for what comes after. */
const DRAIN_SHARE = 0.6;

/** Listens for requests. A port that is taken is SpanloomError('port-in-use'). */
export async function startHttpServer(
  config: HttpConfig,
  deps: { readonly handler: ExportHandler; readonly logger: Logger; readonly clock: Clock },
): Promise<HttpServer> {
  const { logger, clock } = deps;
  let closing = false;
  const server = createServer(
    {
      requestTimeout: config.request_timeout_ms,
      headersTimeout: Math.min(config.request_timeout_ms, 10_000),
      keepAliveTimeout: config.keep_alive_timeout_ms,
      maxHeaderSize: HEADER_BYTES_MAX,
      noDelay: true,
    },
    (request, response) => {
      deps
        .handler(request)
        .then((answer) => respond(response, answer, closing))
        .catch((error: unknown) => {
          logger.error({ error }, 'a request failed unexpectedly');
          respond(response, null, true);
        });
    },
  );
  server.maxConnections = config.connections_max;
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
  });
  await listen(server, config);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const patience = new AbortController();
      const late = clock
        .sleep(config.drain_timeout_ms * DRAIN_SHARE, patience.signal)
        .then(() => server.closeAllConnections())
        .catch(() => undefined);
      await closed;
      patience.abort();
      await late;
    },
  };
}

function listen(
  server: ReturnType<typeof createServer>,
  { otlp_http_port: port, otlp_http_host: host }: HttpConfig,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const cure = 'stop what listens there, or set SPANLOOM_OTLP_HTTP_PORT to another port';
      reject(
        error.code === 'EADDRINUSE'
          ? new SpanloomError('port-in-use', `port ${port} is in use: ${cure}`, { cause: error })
          : error,
      );
    });
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => resolve());
  });
}

/** Writes an answer; without one there is nothing to say, and the connection ends. */
function respond(response: ServerResponse, answer: Answer | null, close: boolean): void {
  if (answer === null) {
    response.destroy();
    return;
  }
  response.writeHead(answer.code, {
    'content-type': contentTypeOf(answer.format),
    'content-length': answer.body.length,
    ...(close ? { connection: 'close' } : {}),
    ...answer.headers,
  });
  response.end(answer.body);
}
