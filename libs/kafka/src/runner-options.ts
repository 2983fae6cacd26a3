import { SpanloomError } from '@spanloom/runtime';
import type { RunPartitionsOptions } from './partitions';

/** Options with nothing left open. */
export type RunnerOptions = Required<RunPartitionsOptions>;

const MIB = 1024 * 1024;

/** A third of the session time-out where that is less, as Kafka advises. */
const HEARTBEAT_MS_MAX = 3_000;

const DEFAULTS = {
  onBeat: () => undefined,
  onTrouble: () => undefined,
  onExpired: () => undefined,
  idle_interval_ms: 250,
  session_timeout_ms: 30_000,
  rebalance_timeout_ms: 60_000,
  drain_timeout_ms: 10_000,
  // A fetch costs the same for one record as for a thousand, here and in the broker: a fifth of a second's
  // worth is waited for, unless so much is there earlier.
  fetch_wait_ms_max: 200,
  fetch_bytes_min: 256 * 1024,
  fetch_bytes_max: 2 * MIB,
  partition_bytes_max: MIB / 2,
  partitions_concurrent_max: 2,
  failures_max: 20,
  outage_ms_max: 300_000,
} as const;

/** Fills in the defaults. 'config-invalid' when the times don't fit each other. */
export function withDefaults(given: RunPartitionsOptions): RunnerOptions {
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  const session_timeout_ms = given.session_timeout_ms ?? DEFAULTS.session_timeout_ms;
  const options: RunnerOptions = {
    ...given,
    ...DEFAULTS,
    heartbeat_interval_ms: Math.min(HEARTBEAT_MS_MAX, Math.floor(session_timeout_ms / 3)),
    ...Object.fromEntries(named),
  };
  if (options.heartbeat_interval_ms * 2 > options.session_timeout_ms) {
    throw new SpanloomError(
      'config-invalid',
      `heartbeat_interval_ms (${options.heartbeat_interval_ms}) must be at most half of session_timeout_ms (${options.session_timeout_ms})`,
    );
  }
  if (options.drain_timeout_ms >= options.rebalance_timeout_ms) {
    throw new SpanloomError(
      'config-invalid',
      `drain_timeout_ms (${options.drain_timeout_ms}) must be less than rebalance_timeout_ms (${options.rebalance_timeout_ms})`,
    );
  }
  return options;
}
