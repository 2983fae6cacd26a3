import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { FrameReader } from './frame-reader';
import { type Broker, Connection } from './internals';

const KEEP_ALIVE_MS = 60_000;
const READ_BYTES = 256 * 1024;
const SIZE_BYTES = 4;
const CORRELATION_BYTES = 4;

/** Where plain sockets read to, one after the other: each chunk is copied to its frame before the next one comes. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** Each connection's unfinished frame; a new socket begins a new one. */
const readers = new WeakMap<Socket, FrameReader>();

/**
 * Lets kafkajs' connections read without garbage: it keeps each chunk and joins them when an answer is whole, so
 * each byte is allocated twice, and large buffers are what makes the collector run. Changes the class for the whole
 * process; calling it again changes nothing.
 */
export function leanReading(): void {
  Connection.prototype.processData = function (this: Connection, chunk: Buffer): void {
    if (this.authHandlers !== null && !this.authExpectResponse) {
      this.authHandlers.onSuccess(Buffer.from(chunk));
      return;
    }
    let reader = readers.get(this.socket);
    if (reader === undefined) {
      reader = new FrameReader();
      readers.set(this.socket, reader);
    }
    try {
      reader.push(chunk, (frame) => answered(this, frame));
    } catch (error) {
      this.socket.destroy(error as Error);
    }
  };
}

function answered(connection: Connection, frame: Buffer): void {
  if (connection.authHandlers !== null) {
    connection.authHandlers.onSuccess(frame);
    return;
  }
  connection.requestQueue.fulfillRequest({
    size: frame.length - SIZE_BYTES,
    correlationId: frame.readInt32BE(SIZE_BYTES),
    payload: frame.subarray(SIZE_BYTES + CORRELATION_BYTES),
  });
}

/** What kafkajs wants to be connected. */
interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean | ConnectionOptions | undefined;
  onConnect(): void;
}

/** Opens kafkajs' sockets; plain ones read into one buffer that all share. */
export function openSocket({ host, port, ssl, onConnect }: SocketRequest): Socket {
  let socket: Socket;
  if (ssl) {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const options = ssl === true ? {} : ssl;
    socket = connectTls({ host, port, ...servername, ...options }, onConnect);
  } else {
    const callback = (bytes: number): boolean => {
      socket.emit('data', readBuffer.subarray(0, bytes));
      return true;
    };
    socket = connectPlain({ host, port, onread: { buffer: readBuffer, callback } }, onConnect);
  }
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}

/** A request whose body is in pieces. */
export interface PiecewiseRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly body: readonly Buffer[];
  readonly timeout_ms: number;
}

/**
 * Sends a request without joining its pieces, which kafkajs does three times over, and resolves with the answer's
 * payload. The pieces must stay as they are until then. Rejects with kafkajs' error.
 */
export async function sendPieces(broker: Broker, request: PiecewiseRequest): Promise<Buffer> {
  const connection = await broker.connectionPool.getConnection();
  if (!connection.isAuthenticated()) await connection.authenticate();
  connection.failIfNotConnected();
  const { apiKey, apiVersion, apiName, body, timeout_ms } = request;
  const correlationId = connection.nextCorrelationId();
  const head = requestHead(request, correlationId, connection.clientId);
  const { payload } = await new Promise<{ readonly payload: Buffer }>((resolve, reject) => {
    connection.requestQueue.push({
      entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: timeout_ms,
      sendRequest: () => {
        connection.socket.cork();
        connection.socket.write(head);
        for (const piece of body) connection.socket.write(piece);
        connection.socket.uncork();
      },
    });
  });
  return payload;
}

/** Length and header of a request, version 1 (Kafka protocol guide, "Request Header"). */
function requestHead(
  { apiKey, apiVersion, body }: PiecewiseRequest,
  correlationId: number,
  clientId: string,
): Buffer {
  const nameBytes = Buffer.byteLength(clientId);
  const head = Buffer.allocUnsafe(SIZE_BYTES + 2 + 2 + CORRELATION_BYTES + 2 + nameBytes);
  const bodyBytes = body.reduce((sum, piece) => sum + piece.length, 0);
  let at = head.writeInt32BE(head.length - SIZE_BYTES + bodyBytes, 0);
  at = head.writeInt16BE(apiKey, at);
  at = head.writeInt16BE(apiVersion, at);
  at = head.writeInt32BE(correlationId, at);
  at = head.writeInt16BE(nameBytes, at);
  head.write(clientId, at);
  return head;
}
