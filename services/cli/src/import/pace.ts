import { SpanloomError } from '@spanloom/runtime';

/** How fast to send: as fast as it goes, or a multiple of the recorded pace. */
export type Speed = 'max' | number;

/** Reads `--speed`. SpanloomError('usage') when it is neither `max` nor a positive number. */
export function parseSpeed(text: string): Speed {
  if (text === 'max') return 'max';
  const factor = Number(text);
  if (Number.isFinite(factor) && factor > 0) return factor;
  throw new SpanloomError('usage', `--speed: "${text}" is not "max" nor a number above 0`);
}

/**
 * When to send each line of one recording.
 * @returns a function from (latest span end of the line, Unix ms; now, monotonic ms) to the wait in ms
 */
export function createPace(speed: Speed): (end_unix_ms: number | null, now_ms: number) => number {
  let first: { readonly end_ms: number; readonly at_ms: number } | null = null;
  return (end_ms, now_ms) => {
    if (speed === 'max' || end_ms === null) return 0;
    first ??= { end_ms, at_ms: now_ms };
    return Math.max(0, first.at_ms + (end_ms - first.end_ms) / speed - now_ms);
  };
}
