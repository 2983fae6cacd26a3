import type { Clock } from './clock';
import type { Logger } from './logger';

/** What has been started and how to stop it, in order. */
export interface StopStack {
  /** Adds a stop. */
  push(name: string, stop: () => Promise<void>): void;
  /**
   * Waits for `started` to settle, then runs every stop, the last added first, all within `timeout_ms`.
   * A stop that throws is logged and does not hinder the others. False when one threw or time ran out.
   */
  run(timeout_ms: number, started: Promise<void>): Promise<boolean>;
}

/** Makes an empty {@link StopStack}. */
export function createStopStack(deps: {
  readonly logger: Logger;
  readonly clock: Clock;
}): StopStack {
  const entries: { readonly name: string; readonly stop: () => Promise<void> }[] = [];
  let current = 'start';

  const runAll = async (started: Promise<void>): Promise<boolean> => {
    let clean = true;
    await started.catch(() => undefined);
    for (let entry = entries.pop(); entry; entry = entries.pop()) {
      current = entry.name;
      try {
        await entry.stop();
      } catch (error) {
        clean = false;
        deps.logger.error({ error, stop: entry.name }, 'stopping failed');
      }
    }
    return clean;
  };

  return {
    push(name, stop) {
      entries.push({ name, stop });
    },
    async run(timeout_ms, started) {
      const timer = new AbortController();
      const timedOut = deps.clock.sleep(timeout_ms, timer.signal).then(
        () => {
          deps.logger.error({ stop: current, timeout_ms }, 'stopping took too long');
          return false;
        },
        () => false,
      );
      const clean = await Promise.race([runAll(started), timedOut]);
      timer.abort();
      return clean;
    },
  };
}
