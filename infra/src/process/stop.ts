import type { Clock } from '@spanloom/runtime';
import { isRunning, type ProcessIdentity, signalProcess } from './identity';

const POLL_MS = 50;
/** SIGKILL works at once; this only bounds the wait for the system to say so. */
const KILL_WAIT_MS = 5_000;

async function gone(identity: ProcessIdentity, wait_ms: number, clock: Clock): Promise<boolean> {
  const deadline = clock.monotonicMs() + wait_ms;
  while (isRunning(identity)) {
    if (clock.monotonicMs() >= deadline) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

/**
 * Ends a process: SIGTERM, then SIGKILL when it has not ended after `grace_ms`. Only ever signals the
 * very process that was identified. Gives how it ended.
 */
export async function stopProcess(
  identity: ProcessIdentity,
  options: { readonly grace_ms: number; readonly clock: Clock },
): Promise<'not-running' | 'stopped' | 'killed'> {
  if (!signalProcess(identity, 'SIGTERM')) return 'not-running';
  if (await gone(identity, options.grace_ms, options.clock)) return 'stopped';
  signalProcess(identity, 'SIGKILL');
  await gone(identity, KILL_WAIT_MS, options.clock);
  return 'killed';
}
