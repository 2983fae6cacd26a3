import { type AddressInfo, connect, createServer } from 'node:net';
import { cutInTheMiddle, errorAfterInsert, openProxy } from '../src/chaos/proxy';

/** Answers each request with the same text; gives what a client gets through the proxy. */
async function exchange(answer: string, request: string, strike: typeof cutInTheMiddle | null) {
  const server = createServer((socket) => socket.on('data', () => socket.write(answer)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await openProxy();
  proxy.target((server.address() as AddressInfo).port);
  const struck = strike === null ? null : proxy.intercept(strike, 5000);
  const client = connect(proxy.port, '127.0.0.1');
  let got = '';
  client.on('data', (chunk) => {
    got += chunk.toString();
    if (strike === null) client.end();
  });
  client.write(request);
  await new Promise((resolve) => client.on('close', resolve));
  const did = await struck;
  await proxy.close();
  server.close();
  return { got, did };
}

test('answers pass as they are, or are cut in the middle', async () => {
  expect(await exchange('12345678', 'ask', null)).toEqual({ got: '12345678', did: null });
  expect(await exchange('12345678', 'ask', cutInTheMiddle)).toEqual({ got: '1234', did: true });
});

test('the good answer to an insert becomes an error', async () => {
  const { got, did } = await exchange(
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    'POST /?query=INSERT%20INTO%20t HTTP/1.1\r\n\r\n',
    errorAfterInsert,
  );
  expect(did).toBe(true);
  expect(got).toMatch(/^HTTP\/1\.1 500 .*TIMEOUT_EXCEEDED/s);
});
