import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until, type WatchedProcess, watchProcess } from '../process/watched-process';
import { expectLatency } from './latency-messages';
import { type AssemblyLine, createAssemblyLine } from './running-assembler';
import { settled } from './settled';
import { makeSpan } from './spans';

const PARTITIONS = 4;
const FLUSH_S = 2;
const HOUR_MS = 3_600_000;
const BEHIND_MS = -7 * HOUR_MS;
const AHEAD_MS = 26 * HOUR_MS;
const PRELOAD = join(__dirname, '..', 'process', 'wrong-clock.cjs');

type Service = 'assembler' | 'latency';

/** A worker whose wall clock is off. */
interface Copy extends WatchedProcess {
  readonly child: ChildProcess;
  readonly off_ms: number;
}

describe('machine clocks that are wrong change nothing', () => {
  let line: AssemblyLine;
  const copies: Copy[] = [];

  beforeAll(async () => {
    line = await createAssemblyLine(
      process.env,
      `clocks-${randomBytes(5).toString('hex')}.`,
      PARTITIONS,
    );
  }, 60_000);
  afterAll(() => line.stop(), 30_000);

  function start(service: Service, off_ms: number): Copy {
    const child = line.start(
      {
        NODE_OPTIONS: `--require ${PRELOAD}`,
        WRONG_CLOCK_MS: String(off_ms),
        SPANLOOM_LOG_LEVEL: 'info',
        SPANLOOM_FLUSH_S: String(FLUSH_S),
      },
      service,
    );
    const copy = { child, off_ms, ...watchProcess(child) };
    copies.push(copy);
    return copy;
  }

  const opened = ({ lines }: Copy): number =>
    lines.filter((entry) => entry.message === 'partition opened').length;

  const untilOpened = (...of: readonly Copy[]): Promise<void> =>
    until('partitions opened', async () => of.every((copy) => opened(copy) > 0));

  async function load(seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (let turn = 0; Date.now() < end; turn++) {
      const spans = Array.from({ length: 20 }, (_, i) => makeSpan(turn + (i % 5), i, i === 0));
      await line.send(
        turn % PARTITIONS,
        line.batch([...spans, makeSpan(9_000 + (turn % 4), turn, false)]),
      );
      if (turn % 20 === 0) await line.send(turn % PARTITIONS, Buffer.from('not Avro'));
      await sleep(25);
    }
  }

  test('one copy 7 h behind, one 26 h ahead: what the reducers say, byte for byte', async () => {
    const behind = [start('assembler', BEHIND_MS), start('latency', BEHIND_MS)];
    const ahead = [start('assembler', AHEAD_MS), start('latency', AHEAD_MS)];
    await untilOpened(...behind, ...ahead);
    await load(2);
    // The ones ahead go on from what the ones behind have kept, and then the other way round.
    for (const { child } of behind) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await load(2);
    await untilOpened(start('assembler', BEHIND_MS), start('latency', BEHIND_MS));
    await load(1);
    await settled(line, 60_000);
    expect(line.gaps).toEqual([]);
    expect((await line.expected()).flat().length).toBeGreaterThan(50);
    expect((await line.deadLetters()).length).toBeGreaterThan(5);

    await expectLatency(line, PARTITIONS, FLUSH_S);

    for (const { lines, off_ms } of copies) {
      expect(opened({ lines } as Copy)).toBeGreaterThan(0);
      const said_ms = Date.parse(lines[0]?.time as string);
      expect(Math.round((said_ms - Date.now()) / HOUR_MS)).toBe(off_ms / HOUR_MS);
      expect(lines.filter((entry) => entry.message.includes('processor failed'))).toEqual([]);
    }
    for (const { child } of ahead) expect(child.exitCode).toBeNull();
  }, 120_000);
});
