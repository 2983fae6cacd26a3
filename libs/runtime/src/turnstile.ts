/** Lets at most so many in at a time; the others wait in line. */
export interface Turnstile {
  /** Runs `work` when there is room. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Makes a turnstile for `concurrent_max` (at least 1) at a time. */
export function createTurnstile(concurrent_max: number): Turnstile {
  let inside = 0;
  const line: (() => void)[] = [];
  const leave = (): void => {
    const next = line.shift();
    if (next === undefined) inside--;
    else next();
  };
  return {
    async run(work) {
      if (inside < concurrent_max) inside++;
      else await new Promise<void>((resolve) => line.push(resolve));
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
