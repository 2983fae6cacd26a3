import type { Clock } from './clock';
import { isRetriable } from './errors';

/** How often and how long to try. */
export interface RetryOptions {
  /** Attempts in all, the first included; at least 1. */
  readonly attempts_max: number;
  /** The bound of the first wait. It doubles with each further wait. */
  readonly base_ms: number;
  /** The bound that the doubling stops at. */
  readonly max_ms: number;
  readonly clock: Clock;
  /** Ends the waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Which errors are worth another attempt. Default: {@link isRetriable}. */
  readonly isRetriable?: (error: unknown) => boolean;
  /** Told before each wait: the error, the number of the failed attempt (from 1), and the wait. */
  readonly onRetry?: (error: unknown, attempt: number, wait_ms: number) => void;
  /** Uniform in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Calls `attempt` (numbered from 1) until it succeeds, fails for good, or has been tried
 * `attempts_max` times; then rejects with the last error.
 * Waits are exponential with full jitter, after Brooker, "Exponential Backoff And Jitter" (2015):
 * uniform between 0 and min(max_ms, base_ms · 2^(n−1)).
 */
export async function retry<T>(
  attempt: (n: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const worthRetrying = options.isRetriable ?? isRetriable;
  const random = options.random ?? Math.random;
  for (let n = 1; ; n++) {
    options.signal?.throwIfAborted();
    try {
      return await attempt(n);
    } catch (error) {
      if (n >= options.attempts_max || !worthRetrying(error)) throw error;
      const wait_ms = random() * Math.min(options.max_ms, options.base_ms * 2 ** (n - 1));
      options.onRetry?.(error, n, wait_ms);
      await options.clock.sleep(wait_ms, options.signal);
    }
  }
}
