/** What happens at an armed fault point. */
type FaultAction = 'kill' | 'pause' | 'throw';

interface ArmedFault {
  readonly name: string;
  /** Strikes at the nth passage, counted from 1. */
  readonly nth: number;
  readonly action: FaultAction;
  passed: number;
}

function readArmed(text: string | undefined): ArmedFault | null {
  if (text === undefined || text === '') return null;
  const [name = '', nth = '1', action = 'kill'] = text.split(':');
  return { name, nth: Number(nth), action: action as FaultAction, passed: 0 };
}

const armed = readArmed(process.env.SPANLOOM_FAULTPOINT);

async function strike(fault: ArmedFault): Promise<void> {
  if (++fault.passed !== fault.nth) return;
  if (fault.action === 'kill') process.kill(process.pid, 'SIGKILL');
  if (fault.action === 'pause') process.kill(process.pid, 'SIGSTOP');
  if (fault.action === 'throw') throw new Error(`fault point ${fault.name}`);
}

/**
 * A named step at which the chaos suite can break the process: before and after each side effect.
 * Armed by SPANLOOM_FAULTPOINT="name:nth:kill|pause|throw"; otherwise it does nothing.
 */
export function faultPoint(name: string): Promise<void> | undefined {
  return armed !== null && armed.name === name ? strike(armed) : undefined;
}
