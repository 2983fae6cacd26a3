import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Decides about a piece of an answer: let it pass, or send this instead and cut the connection. */
export type Interceptor = (answer: Buffer, request: Buffer) => Buffer | null;

/** A TCP proxy in front of one engine: what clients see of it can be cut off or changed. */
export interface EngineProxy {
  readonly port: number;
  /** Where connections go from now on. */
  target(port: number): void;
  /** Ends all connections that there are. */
  cut(): void;
  /**
   * Shows answers to `interceptor` until it decides on one. Resolves with whether it did within
   * `timeout_ms`.
   */
  intercept(interceptor: Interceptor, timeout_ms: number): Promise<boolean>;
  close(): Promise<void>;
}

interface Armed {
  readonly interceptor: Interceptor;
  readonly done: (struck: boolean) => void;
}

const HOST = '127.0.0.1';
/** Of a request only its beginning is remembered. */
const REQUEST_BYTES = 4096;

/** Opens a proxy on a free port. It has no target yet. */
export async function openProxy(): Promise<EngineProxy> {
  let targetPort = 0;
  const armed = new Set<Armed>();
  const sockets = new Set<Socket>();

  function strike(answer: Buffer, request: Buffer): Buffer | null {
    for (const one of armed) {
      const instead = one.interceptor(answer, request);
      if (instead === null) continue;
      one.done(true);
      return instead;
    }
    return null;
  }

  const server = createServer((client) => {
    const upstream = connect(targetPort, HOST);
    let request: Buffer = Buffer.alloc(0);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      request = chunk.subarray(0, REQUEST_BYTES);
      if (!upstream.write(chunk)) client.pause();
    });
    upstream.on('drain', () => client.resume());
    upstream.on('data', (chunk: Buffer) => {
      const instead = strike(chunk, request);
      if (instead !== null) {
        client.end(instead, () => client.destroy());
        upstream.destroy();
      } else if (!client.write(chunk)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));

  return {
    port: (server.address() as AddressInfo).port,
    target(port) {
      targetPort = port;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    intercept(interceptor, timeout_ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => one.done(false), timeout_ms);
        const one: Armed = {
          interceptor,
          done(struck) {
            clearTimeout(timer);
            armed.delete(one);
            resolve(struck);
          },
        };
        armed.add(one);
      });
    },
    async close() {
      for (const one of armed) one.done(false);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Sends half of an answer, then nothing more. */
export const cutInTheMiddle: Interceptor = (answer) =>
  answer.length < 2 ? null : answer.subarray(0, answer.length >> 1);

const REFUSAL = 'Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)\n';

/** Turns the answer to an insert, which ClickHouse has stored by then, into an error. */
export const errorAfterInsert: Interceptor = (answer, request) => {
  const isInsert = request.toString('latin1').includes('INSERT');
  if (!isInsert || !answer.toString('latin1', 0, 15).startsWith('HTTP/1.1 200')) return null;
  return Buffer.from(
    'HTTP/1.1 500 Internal Server Error\r\nX-ClickHouse-Exception-Code: 159\r\n' +
      `Content-Length: ${REFUSAL.length}\r\nConnection: close\r\n\r\n${REFUSAL}`,
  );
};
