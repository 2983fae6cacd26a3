/** Lets so many works run at a time; the others wait in the order in which they came. */
export interface Slots {
  /** Runs the work when it is its turn; not at all when the signal has fired by then. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | 'aborted'>;
}

/** @param slots_max works at a time */
export function createSlots(slots_max: number): Slots {
  let free = slots_max;
  const waiting: (() => void)[] = [];
  return {
    async run(work, signal) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return signal.aborted ? 'aborted' : await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}
