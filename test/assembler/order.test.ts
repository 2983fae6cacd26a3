import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestEngines, type TestEngines } from '@spanloom/infra';
import { createAssemblyLine } from './running-assembler';
import { makeSpan } from './spans';

function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

async function until(condition: () => boolean | Promise<boolean>, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('what was waited for did not happen');
    await sleep(100);
  }
}

describe('entries are acknowledged before Redis moves', () => {
  let engines: TestEngines;
  beforeAll(async () => {
    engines = await startTestEngines({ engines: ['kafka', 'registry', 'redis'] });
  }, 120_000);
  afterAll(() => engines.stop(), 60_000);

  test('a worker that dies while Kafka is away has not gone past what it could not write', async () => {
    const line = await createAssemblyLine(engines.env, 'order-', 1);
    try {
      // It stops itself right before it writes what has closed.
      const first = line.start({ SPANLOOM_FAULTPOINT: 'assembler.before-produce:1:pause' });
      const pid = first.pid as number;
      const end = Date.now() + 60_000;
      for (let i = 0; !isStopped(pid); i++) {
        if (Date.now() > end) throw new Error('it closed nothing');
        await line.send(0, line.batch([makeSpan(i, 1, true), makeSpan(i, 2, false)]));
        await sleep(100);
      }
      await engines.kill('kafka');
      first.kill('SIGCONT');
      // Time to do whatever it does before the write is acknowledged.
      await sleep(4000);
      first.kill('SIGKILL');
      await once(first, 'exit');
      await engines.restart('kafka');
      line.start();
      await until(async () => {
        const [expected, accepted] = [await line.expected(), await line.accepted()];
        if (line.gaps.length > 0) return true;
        return (
          (expected[0]?.length ?? 0) > 3 && JSON.stringify(expected) === JSON.stringify(accepted)
        );
      }, 60_000);
      expect(line.gaps).toEqual([]);
    } finally {
      await line.stop();
    }
  }, 200_000);
});
