import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MAIN = join(__dirname, '..', 'dist', 'drivers', 'main.js');
const LIMIT_MS = 120_000;

test(
  'kafkajs and the port both write and read every record',
  async () => {
    const args = [MAIN, '--spans', '8000', '--rounds', '1', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: LIMIT_MS });
    // It ends with an error when a record is lost, doubled or changed.
    const { figures } = JSON.parse(stdout) as { figures: readonly Record<string, unknown>[] };
    expect(figures.map(({ packing, mode, driver }) => `${packing} ${mode} ${driver}`)).toEqual(
      ['packed', 'single'].flatMap((packing) =>
        ['produce', 'consume'].flatMap((mode) =>
          ['spanloom', 'kafkajs'].map((driver) => `${packing} ${mode} ${driver}`),
        ),
      ),
    );
    for (const { us, ratio } of figures) {
      expect([us, ratio]).toEqual([expect.any(Number), expect.any(Number)]);
    }
  },
  LIMIT_MS,
);

test('a driver that is not there is refused with a cure', async () => {
  const run = promisify(execFile)(process.execPath, [MAIN, '--driver', 'platformatic=/no/such']);
  await expect(run).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no @platformatic/kafka in /no/such/node_modules'),
  });
});
