import { SpanloomError, systemClock } from '@spanloom/runtime';

const EXIT_INTERRUPTED = 130;
/** npm hands on the Ctrl-C that the terminal has sent to all already: within this time it is the same one. */
const SAME_SIGNAL_MS = 500;

/** A signal that aborts at the first Ctrl-C or SIGTERM; the second ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let first_ms: number | null = null;
  const onSignal = (): void => {
    const now_ms = systemClock.monotonicMs();
    if (first_ms !== null) {
      if (now_ms - first_ms > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
      return;
    }
    first_ms = now_ms;
    controller.abort(new DOMException('interrupted', 'AbortError'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

/** A whole number option between `min` and `max`; SpanloomError('usage') names what it should be. */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text.trim()) && value >= min && value <= max) return value;
  throw new SpanloomError(
    'usage',
    `${name}: "${text}" should be a whole number from ${min} to ${max}`,
  );
}
