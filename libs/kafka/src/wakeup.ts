/** Lets one loop sleep until something happens. A wake-up that nobody waits for is kept for the next wait. */
export interface Wakeup {
  /** Resolves at the next `wake`, at once if there was one since the last wait, or after `ms`. */
  wait(ms: number): Promise<void>;
  wake(): void;
}

/** Makes a wake-up for one waiting loop. */
export function createWakeup(): Wakeup {
  let woken = false;
  let resume: (() => void) | null = null;
  return {
    wait(ms) {
      if (woken || ms <= 0) {
        woken = false;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const timer = setTimeout(() => resume?.(), ms);
        resume = () => {
          clearTimeout(timer);
          resume = null;
          woken = false;
          resolve();
        };
      });
    },
    wake() {
      woken = true;
      resume?.();
    },
  };
}
