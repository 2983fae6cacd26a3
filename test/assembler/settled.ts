import { setTimeout as sleep } from 'node:timers/promises';
import type { AssemblyLine } from './running-assembler';

/** Waits until what was accepted is what the reducer says, and nothing more is due; bounded. */
export async function settled(
  line: AssemblyLine,
  milliseconds: number,
  dead?: ReadonlySet<number>,
): Promise<void> {
  const until = Date.now() + milliseconds;
  let accepted: string[][] = [];
  let expected: string[][] = [];
  while (Date.now() < until) {
    expected = await line.expected(dead);
    accepted = await line.accepted();
    const quiet = JSON.stringify(await line.expected(dead)) === JSON.stringify(expected);
    if (quiet && JSON.stringify(accepted) === JSON.stringify(expected)) {
      await sleep(3000);
      if (JSON.stringify(await line.expected(dead)) === JSON.stringify(expected)) return;
    }
    await sleep(500);
  }
  expect(accepted.map((a) => a.length)).toEqual(expected.map((e) => e.length));
  expect(accepted).toEqual(expected);
}
