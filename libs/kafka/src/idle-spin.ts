import { RequestQueue } from './internals';

/** How soon a request that waits for a place is looked at again, ms (kafkajs' own figure). */
const CHECK_INTERVAL_MS = 10;

/**
 * Stops kafkajs' idle spin. After every response its RequestQueue arms a timer, also when nothing is pending and
 * nothing throttled; the delay is then `-1 - now`, which Node takes as 1 ms, and the timer arms itself again:
 * about 900 wake-ups a second per connection. A timer is needed only while a request is pending.
 * Changes the class for the whole process; calling it again changes nothing.
 */
export function guardIdleSpin(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const throttled_ms = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttled_ms > 0 ? throttled_ms : CHECK_INTERVAL_MS,
    );
  };
}
