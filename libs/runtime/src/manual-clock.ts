import type { Clock } from './clock';

/** A clock that stands still until it is told to move: for tests and simulations. */
export interface ManualClock extends Clock {
  /** Moves time on by `ms` milliseconds and wakes, in order of their deadlines, the sleepers that are due. */
  advance(ms: number): Promise<void>;
  /** How many sleeps are pending. */
  readonly sleepers: number;
}

interface Sleeper {
  readonly at_ms: number;
  wake(): void;
}

/** Makes a {@link ManualClock} that shows `startMs` (Unix milliseconds, default 0). */
export function createManualClock(startMs = 0): ManualClock {
  let now_ms = startMs;
  let waiting: Sleeper[] = [];

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        waiting = waiting.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper: Sleeper = { at_ms: now_ms + Math.max(ms, 0), wake };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.push(sleeper);
    });

  const nextDue = (until_ms: number): Sleeper | undefined =>
    waiting
      .filter((sleeper) => sleeper.at_ms <= until_ms)
      .reduce<Sleeper | undefined>(
        (first, sleeper) => (first && first.at_ms <= sleeper.at_ms ? first : sleeper),
        undefined,
      );

  /** Lets the code that is running, or was woken, get to its next sleep before time moves further. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const advance = async (ms: number): Promise<void> => {
    const until_ms = now_ms + ms;
    await settle();
    for (let due = nextDue(until_ms); due; due = nextDue(until_ms)) {
      const woken = due;
      now_ms = Math.max(now_ms, woken.at_ms);
      waiting = waiting.filter((sleeper) => sleeper !== woken);
      woken.wake();
      await settle();
    }
    now_ms = until_ms;
    await settle();
  };

  return {
    nowMs: () => now_ms,
    monotonicMs: () => now_ms,
    sleep,
    advance,
    get sleepers() {
      return waiting.length;
    },
  };
}
