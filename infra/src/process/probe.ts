import { connect } from 'node:net';

const PROBE_TIMEOUT_MS = 2_000;

/** Sends `request` over TCP and gives whatever came back once `enough` says so. Rejects on error or time-out. */
export function exchange(
  port: number,
  request: Buffer,
  enough: (answer: Buffer) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let answer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => fail(new Error('no answer in time')));
    socket.once('error', fail);
    socket.once('close', () => reject(new Error('closed')));
    socket.once('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (!enough(answer)) return;
      socket.destroy();
      resolve(answer);
    });
  });
}

/** Whether an HTTP GET answers with a 2xx status. */
export async function httpOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await response.arrayBuffer();
  return response.ok;
}
