import { type Clock, SpanloomError } from '@spanloom/runtime';
import type { Child, Ending } from './child';

/** Options of {@link waitReady}. */
export interface ReadyOptions {
  /** Resolves to whether the process answers as it should; a rejection counts as not yet. */
  readonly probe: () => Promise<boolean>;
  readonly timeout_ms: number;
  /** Gives up, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
}

const POLL_MS = 100;
const TAIL_LINES = 15;

function describe(child: Child, what: string): SpanloomError {
  const tail = child.tail(TAIL_LINES);
  const log = tail === '' ? '' : `\nLast lines of ${child.logFile}:\n${tail}`;
  return new SpanloomError('engine-unavailable', `${child.name} ${what}.${log}`, {
    details: { log: child.logFile },
  });
}

/**
 * Waits until a started process answers. Throws SpanloomError('engine-unavailable') with the end of its log
 * when it ends first, or does not answer in time.
 */
export async function waitReady(child: Child, options: ReadyOptions): Promise<void> {
  const { clock } = options;
  const deadline = clock.monotonicMs() + options.timeout_ms;
  const ended: Promise<Ending> = child.ended;
  let ending: Ending | null = null;
  void ended.then((value) => {
    ending = value;
  });
  while (clock.monotonicMs() < deadline) {
    if (ending !== null) {
      const { code, signal } = ending as Ending;
      throw describe(child, `ended while it started (${signal ?? `exit code ${code}`})`);
    }
    if (await options.probe().catch(() => false)) return;
    await clock.sleep(POLL_MS, options.signal);
  }
  throw describe(child, `does not answer after ${options.timeout_ms / 1000} s`);
}
