import type { Clock, Logger } from '@spanloom/runtime';
import type { ProcessIdentity } from '../process/identity';

/** A started process, as far as keeping it running goes. */
export interface Startable {
  readonly identity: ProcessIdentity;
  /** Resolves with what happened when it has ended. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** How a process is kept running. */
export interface KeepRunningOptions {
  readonly name: string;
  /** Starts it; `first` is true once. */
  readonly start: (first: boolean) => Promise<Startable>;
  /** Called after every change. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A process that is started again when it ends by itself. */
export interface Kept {
  readonly identity: ProcessIdentity | null;
  readonly status: 'running' | 'waiting' | 'given-up' | 'stopped';
  readonly restarts: number;
  /** Unix time of the last start, ms. */
  readonly startedAtMs: number;
  stop(): Promise<void>;
}

const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 30_000;
/** Whoever ran so long is well again: the next end counts as the first. */
const WELL_MS = 60_000;
/** In a row, without a minute between: after that somebody has to look. */
const FAILURES_MAX = 10;

/**
 * Starts a process and keeps it running: when it ends by itself it is started again after a wait that doubles
 * from half a second to 30 s, ten times in a row at most. Rejects when the very first start fails.
 */
export async function keepRunning(options: KeepRunningOptions): Promise<Kept> {
  const { clock, logger, name, onChange } = options;
  const stopping = new AbortController();
  let current: Startable | null = await options.start(true);
  let status: Kept['status'] = 'running';
  let restarts = 0;
  let startedAtMs = clock.nowMs();

  const startAgain = async (): Promise<Startable | null> => {
    try {
      const started = await options.start(false);
      restarts++;
      startedAtMs = clock.nowMs();
      return started;
    } catch (error) {
      logger.error({ process: name, error }, 'cannot be started again');
      return null;
    }
  };
  const watch = async (): Promise<void> => {
    let failures = 0;
    let began_ms = clock.monotonicMs();
    while (!stopping.signal.aborted) {
      const why = current === null ? 'it could not be started' : await current.ended;
      if (stopping.signal.aborted) return;
      failures = clock.monotonicMs() - began_ms > WELL_MS ? 1 : failures + 1;
      current = null;
      status = failures > FAILURES_MAX ? 'given-up' : 'waiting';
      onChange();
      if (status === 'given-up') {
        logger.error({ process: name, failures, why }, 'keeps ending; given up');
        return;
      }
      const wait_ms = Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** (failures - 1));
      logger.warn({ process: name, why, wait_ms, failures }, 'ended; starting it again');
      await clock.sleep(wait_ms, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      began_ms = clock.monotonicMs();
      current = await startAgain();
      status = current === null ? 'waiting' : 'running';
      onChange();
    }
  };
  const watching = watch();
  return {
    get identity() {
      return current?.identity ?? null;
    },
    get status() {
      return status;
    },
    get restarts() {
      return restarts;
    },
    get startedAtMs() {
      return startedAtMs;
    },
    stop: async () => {
      stopping.abort(new Error('stopping'));
      await current?.stop();
      await watching;
      // A start that was under way when the stop came.
      await current?.stop();
      current = null;
      status = 'stopped';
      onChange();
    },
  };
}
