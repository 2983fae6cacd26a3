import type { Clock } from '@spanloom/runtime';
import type { Verification } from './balance';

/** How far a wait has come. */
export interface Settling {
  /** Spans in open windows. */
  readonly open: number;
  /** Messages that no ledger row counts yet; null while windows are open, when it does not matter. */
  readonly uncounted: number | null;
}

/** What {@link settle} looks at. */
export interface SettleDeps {
  readonly verification: () => Promise<Verification>;
  /** Messages beyond the last ledger rows. */
  readonly uncounted: (seen: Verification) => Promise<number>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (settling: Settling) => void;
}

const POLL_MS = 1_000;
/** The tables are not read at the same instant, so one look alone may see a block half. */
const LOOKS = 3;

/** Looks again, up to three times, before it says that something does not balance. */
export async function verifyNow(
  deps: Pick<SettleDeps, 'verification' | 'clock' | 'signal'>,
): Promise<Verification> {
  for (let look = 1; ; look++) {
    const seen = await deps.verification();
    if (seen.balanced || look === LOOKS) return seen;
    await deps.clock.sleep(POLL_MS, deps.signal);
  }
}

/**
 * Waits until no window is open, every message is counted and all of it balances, at most `wait_ms`.
 * @returns what was seen last, and whether it had come to rest
 */
export async function settle(
  wait_ms: number,
  deps: SettleDeps,
): Promise<{ readonly settled: boolean; readonly verification: Verification }> {
  const end_ms = deps.clock.monotonicMs() + wait_ms;
  for (;;) {
    const verification = await deps.verification();
    const open = verification.partitions.reduce((sum, balance) => sum + balance.open, 0);
    const uncounted = open > 0 ? null : await deps.uncounted(verification);
    deps.onProgress({ open, uncounted });
    const settled = uncounted === 0 && verification.balanced;
    if (settled || deps.clock.monotonicMs() >= end_ms) return { settled, verification };
    await deps.clock.sleep(POLL_MS, deps.signal);
  }
}
