import type { Clock, Logger } from '@spanloom/runtime';
import { isRunning } from '../process/identity';
import { stopProcess } from '../process/stop';
import { SERVICES } from './services';
import { clearState, type ProcessRecord, type RunState, readState } from './state';

const GRACE_MS = 30_000;
/** The supervisor stops everything in order, each step with its own grace. */
const SUPERVISOR_GRACE_MS = 150_000;

/** Records in groups that stop together, in order: services first, by their place in the flow, then engines. */
export function stopOrder(
  records: readonly ProcessRecord[],
): readonly (readonly ProcessRecord[])[] {
  const services = SERVICES.map(({ name }) =>
    records.filter((record) => record.role === 'service' && record.kind === name),
  );
  const engines = records.filter((record) => record.role === 'engine');
  return [...services, engines].filter((group) => group.length > 0);
}

/** Processes of an earlier run that still run although their supervisor does not. */
export function leftOvers(state: RunState): readonly ProcessRecord[] {
  return state.processes.filter(({ identity }) => identity !== null && isRunning(identity));
}

async function stopLeftOvers(state: RunState, clock: Clock, logger: Logger): Promise<number> {
  const left = leftOvers(state);
  for (const group of stopOrder(left)) {
    await Promise.all(
      group.map(async ({ name, identity }) => {
        if (identity === null) return;
        const how = await stopProcess(identity, { grace_ms: GRACE_MS, clock });
        logger.info({ process: name, pid: identity.pid, how }, 'stopped');
      }),
    );
  }
  return left.length;
}

/** What {@link stopRun} found and did. */
export type StopOutcome =
  | { readonly kind: 'nothing-ran' }
  | { readonly kind: 'stopped'; readonly processes: number };

/**
 * Stops what an earlier `up` started: through its supervisor when that runs, else process by process.
 * Only processes that are still the recorded ones are signalled. The data stays.
 */
export async function stopRun(
  root: string,
  deps: { readonly clock: Clock; readonly logger: Logger },
): Promise<StopOutcome> {
  const state = readState(root);
  if (state === null) return { kind: 'nothing-ran' };
  const before = leftOvers(state).length;
  const supervised = isRunning(state.supervisor);
  if (supervised && state.supervisor.pid !== process.pid) {
    await stopProcess(state.supervisor, { grace_ms: SUPERVISOR_GRACE_MS, clock: deps.clock });
  }
  // Normally there is nothing left; there is when the supervisor itself was killed.
  await stopLeftOvers(readState(root) ?? state, deps.clock, deps.logger);
  clearState(root);
  return before === 0 && !supervised
    ? { kind: 'nothing-ran' }
    : { kind: 'stopped', processes: before };
}
