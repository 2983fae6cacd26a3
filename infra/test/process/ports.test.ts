import { createServer } from 'node:net';
import { freePorts, PORTS, requireFreePort } from '../../src/process/ports';

test('free ports are all different, can be listened on, and are none of those for outgoing connections', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(PORTS.from);
    expect(port).toBeLessThan(32_768);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, resolve);
    });
    await expect(requireFreePort(port, 'the test', 'nothing')).rejects.toMatchObject({
      code: 'port-in-use',
    });
    await new Promise((resolve) => server.close(resolve));
  }
});
