import type { Clock } from './clock';
import type { MutableHealth } from './health';
import type { Logger } from './logger';
import type { Gauge, Metrics } from './metrics';

/** Why work waits: a closed set, since it labels a metric and keys the answer of /readyz. */
export type PauseReason =
  | 'redis-away'
  | 'redis-memory'
  | 'redis-unsafe'
  | 'kafka-read'
  | 'kafka-write'
  | 'clickhouse'
  | 'processor';

/** Defines the metric that {@link createPressure} sets. */
export function definePaused(metrics: Metrics): Gauge {
  return metrics.gauge({
    name: 'spanloom_paused',
    help: 'Whether work waits, by reason: 1 while it does, 0 once it goes on. /readyz and the log say more.',
    labels: ['why'],
  });
}

/** What can be paused for several reasons at a time: a partition of a consumer. */
export interface Pausable {
  pause(why: string): void;
  resume(why: string): void;
}

/** A part that is paused with the others. */
export interface PausedPart {
  /** The part has done one piece of work: while something is held, it does no further one. */
  pauseAgain(): void;
  /** The part is let go: it is not paused any more. */
  detach(): void;
}

/** What a process waits for: said in one place, so that /readyz, the metrics and the log agree. */
export interface Pressure {
  /** `holder` waits because of `why`, and in words; with null it goes on. Holders come from a bounded set. */
  tell(why: PauseReason, holder: string, text: string | null): void;
  /**
   * The same for the whole process, and pauses all attached parts until it is taken back with null. Held again, only the
   * words change: a part that was eased keeps its piece of work.
   */
  hold(why: PauseReason, text: string | null): void;
  /** Lets the attached parts go on for one piece of work each: until `pauseAgain`. It is still held. */
  ease(why: PauseReason): void;
  /** Pauses `part` whenever something is held, and at once if something is now. */
  attach(part: Pausable): PausedPart;
  readonly isHeld: boolean;
}

const PROCESS = '';

/** Makes the pressure of a process. */
export function createPressure(deps: {
  readonly paused: Gauge;
  readonly health: MutableHealth;
  readonly logger: Logger;
  readonly clock: Clock;
}): Pressure {
  const { paused, health, logger, clock } = deps;
  const waiting = new Map<PauseReason, { since_ms: number; holders: Map<string, string> }>();
  const held = new Set<PauseReason>();
  const parts = new Set<Pausable>();

  function begin(why: PauseReason, holder: string, text: string): void {
    waiting.set(why, { since_ms: clock.monotonicMs(), holders: new Map([[holder, text]]) });
    paused.set({ why }, 1);
    logger.warn({ why, holder }, `paused: ${text}`);
  }

  function end(why: PauseReason, since_ms: number): void {
    waiting.delete(why);
    paused.set({ why }, 0);
    logger.info({ why, paused_ms: Math.round(clock.monotonicMs() - since_ms) }, 'resumed');
  }

  function tell(why: PauseReason, holder: string, text: string | null): void {
    const known = waiting.get(why);
    if (text !== null) {
      if (known === undefined) begin(why, holder, text);
      else known.holders.set(holder, text);
    } else if (known?.holders.delete(holder) && known.holders.size === 0) {
      end(why, known.since_ms);
    }
    const texts = [...(waiting.get(why)?.holders.values() ?? [])];
    const more = texts.length > 1 ? ` (and ${texts.length - 1} more)` : '';
    health.setProblem(why, texts[0] === undefined ? null : texts[0] + more);
  }

  return {
    tell,
    hold(why, text) {
      tell(why, PROCESS, text);
      if (text === null) {
        if (held.delete(why)) for (const part of parts) part.resume(why);
      } else if (!held.has(why)) {
        held.add(why);
        for (const part of parts) part.pause(why);
      }
    },
    ease(why) {
      for (const part of parts) part.resume(why);
    },
    attach(part) {
      parts.add(part);
      const pauseAgain = (): void => {
        for (const why of held) part.pause(why);
      };
      pauseAgain();
      const detach = (): void => {
        parts.delete(part);
        for (const why of held) part.resume(why);
      };
      return { pauseAgain, detach };
    },
    get isHeld() {
      return held.size > 0;
    },
  };
}
