import type { ClickHouse } from '@spanloom/clickhouse';
import type { Clock, Logger, MutableHealth } from '@spanloom/runtime';

const PROBE_MS = 3_000;
const CURE = 'ClickHouse does not answer: see that it runs, and that CLICKHOUSE_URL is right';

/**
 * Asks ClickHouse every few seconds whether it is there, and says so in the readiness of the process.
 * `stop` resolves when nothing is asked any more.
 */
export function watchClickHouse(deps: {
  readonly clickhouse: Pick<ClickHouse, 'ping'>;
  readonly health: MutableHealth;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): { stop(): Promise<void> } {
  const { clickhouse, health, logger, clock } = deps;
  const stopped = new AbortController();
  const signal = AbortSignal.any([deps.signal, stopped.signal]);
  let wasHere = true;
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      const here = await clickhouse.ping().catch(() => false);
      health.setProblem('clickhouse', here ? null : CURE);
      if (here !== wasHere)
        logger.warn({ here }, here ? 'ClickHouse is back' : 'ClickHouse is away');
      wasHere = here;
      await clock.sleep(PROBE_MS, signal).catch(() => undefined);
    }
  };
  const watching = watch();
  return {
    stop() {
      stopped.abort();
      return watching;
    },
  };
}
