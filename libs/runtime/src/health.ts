import type { Clock } from './clock';

/** An answer to a probe. */
export interface HealthAnswer {
  readonly ok: boolean;
  /** Why not. */
  readonly why?: string;
}

/** What probes ask. Alive is not ready: a process that waits for Kafka is alive, and must not be restarted. */
export interface Health {
  /** Whether the main loop turns. If not, only a restart helps. */
  alive(): HealthAnswer;
  /** Whether the process does its work now. */
  ready(): HealthAnswer;
}

/** A {@link Health} that a service reports to. */
export interface MutableHealth extends Health {
  /** Says whether the service is up. Starts as "starting". */
  setReady(ok: boolean, why?: string): void;
  /** Says that the loop turned. A service without a loop never calls it and counts as alive. */
  beat(): void;
  /** Sets, or with null clears, a reason for not being ready. Keys come from a small closed set. */
  setProblem(key: string, why: string | null): void;
  /** Whether the service has said anything about its readiness itself. */
  readonly readyWasSet: boolean;
}

/** A loop that has not turned for this long is taken for stuck. */
const BEAT_MS_MAX = 60_000;

/** Makes the health of a process; `beat_ms_max` is the longest time between two beats of a living loop. */
export function createHealth(
  clock: Clock,
  options: { readonly beat_ms_max?: number } = {},
): MutableHealth {
  const beat_ms_max = options.beat_ms_max ?? BEAT_MS_MAX;
  const problems = new Map<string, string>();
  let state: HealthAnswer = { ok: false, why: 'starting' };
  let wasSet = false;
  let lastBeat_ms: number | null = null;

  return {
    alive() {
      if (lastBeat_ms === null) return { ok: true };
      const silent_ms = Math.round(clock.monotonicMs() - lastBeat_ms);
      if (silent_ms <= beat_ms_max) return { ok: true };
      return { ok: false, why: `the loop has not turned for ${silent_ms} ms` };
    },
    ready() {
      if (!state.ok) return state;
      if (problems.size === 0) return { ok: true };
      return { ok: false, why: [...problems].map(([key, why]) => `${key}: ${why}`).join('; ') };
    },
    setReady(ok, why) {
      wasSet = true;
      state = ok ? { ok } : { ok, why: why ?? 'not ready' };
    },
    beat() {
      lastBeat_ms = clock.monotonicMs();
    },
    setProblem(key, why) {
      if (why === null) problems.delete(key);
      else problems.set(key, why);
    },
    get readyWasSet() {
      return wasSet;
    },
  };
}
