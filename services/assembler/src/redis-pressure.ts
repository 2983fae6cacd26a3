import type { Redis, RedisMemory } from '@spanloom/redis';
import type { Clock, Gauge, MutableHealth, Pressure } from '@spanloom/runtime';
import { SpanloomError } from '@spanloom/runtime';
import type { WindowStore } from './window-store';

/** How often Redis is asked how full it is, ms. */
const LOOK_INTERVAL_MS = 1_000;
/** A Redis that takes longer to answer is away, ms. */
const ANSWER_MS_MAX = 2_000;
/** Reading goes on when the use of memory has fallen by so many points. */
const HYSTERESIS_POINTS = 10;
/** While Redis is too full, one batch of each partition is let through every so many looks. */
const EASE_LOOKS = 5;
/** Waits between two attempts of what cannot go on without Redis, ms. */
const WAIT_MS = { first: 200, max: 5_000 } as const;

/** Watches Redis for a process, and pauses reading while it is away, too full, or may evict. */
export interface RedisPressure {
  /** What `work` gives; while Redis is away or full it waits and tries again, until `signal` aborts. */
  insist<T>(partition: number, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Whether a failed write is for Redis to recover from: reading is paused then, and the write can come later. */
  absorbs(partition: number, error: unknown): boolean;
  /** What was refused of a partition has been taken, or is of no concern any more. */
  settled(partition: number): void;
  stop(): Promise<void>;
}

/** What {@link watchRedis} works with. */
export interface RedisPressureDeps {
  readonly redis: Redis;
  /** Reading pauses above this share of maxmemory, in percent. */
  readonly used_percent_max: number;
  readonly usedPercent: Gauge;
  readonly pressure: Pressure;
  readonly health: Pick<MutableHealth, 'beat'>;
  readonly clock: Clock;
}

/**
 * Starts watching. Windows close by the log alone, so a reading that stood still would never free memory: while
 * Redis is too full, a batch of each partition is let through now and then, and time passes in the log.
 */
export function watchRedis(deps: RedisPressureDeps): RedisPressure {
  const { redis, pressure, clock, health } = deps;
  const stopping = new AbortController();
  const resume_percent = Math.max(
    deps.used_percent_max - HYSTERESIS_POINTS,
    deps.used_percent_max / 2,
  );
  let asking: Promise<RedisMemory> | null = null;
  /** A write of these was refused for want of memory, which a large one may be while a small one is not. */
  const refused = new Set<number>();
  let full = false;
  let looksWhileFull = 0;

  /** Asks once at a time: the answers of a Redis that hangs must not pile up. */
  function ask(): Promise<RedisMemory> {
    asking ??= redis.memory().finally(() => {
      asking = null;
    });
    return asking;
  }

  async function answer(): Promise<RedisMemory | string> {
    const late = clock
      .sleep(ANSWER_MS_MAX, stopping.signal)
      .then(() => `Redis has not answered for ${ANSWER_MS_MAX} ms`);
    const asked = ask().catch((error: unknown) => messageOf(error));
    late.catch(() => undefined);
    return Promise.race([asked, late]);
  }

  function judge({ used_bytes, max_bytes, policy }: RedisMemory): void {
    const percent = max_bytes === 0 ? 0 : (100 * used_bytes) / max_bytes;
    deps.usedPercent.set({}, percent);
    pressure.hold(
      'redis-unsafe',
      policy === 'noeviction'
        ? null
        : `Redis may evict open windows (maxmemory-policy is ${policy}); CONFIG SET maxmemory-policy noeviction`,
    );
    if (percent > deps.used_percent_max) full = true;
    if (percent <= resume_percent && refused.size === 0) full = false;
    if (!full) {
      looksWhileFull = 0;
      pressure.hold('redis-memory', null);
      return;
    }
    pressure.hold(
      'redis-memory',
      `Redis uses ${percent.toFixed(1)} % of its maxmemory; reading goes on at ${resume_percent} %: raise maxmemory`,
    );
    if (++looksWhileFull % EASE_LOOKS === 0) pressure.ease('redis-memory');
  }

  async function look(): Promise<void> {
    const found = await answer();
    if (stopping.signal.aborted) return;
    pressure.hold('redis-away', typeof found === 'string' ? found : null);
    if (typeof found !== 'string') judge(found);
  }

  async function keepLooking(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look();
      await clock.sleep(LOOK_INTERVAL_MS, stopping.signal);
    }
  }

  function absorbs(partition: number, error: unknown): boolean {
    if (!(error instanceof SpanloomError) || error.code !== 'engine-unavailable') return false;
    if (isFull(error)) {
      full = true;
      refused.add(partition);
      pressure.hold('redis-memory', error.message);
    } else {
      pressure.hold('redis-away', error.message);
    }
    return true;
  }

  async function attempt<T>(partition: number, work: () => Promise<T>, signal: AbortSignal) {
    try {
      return { done: true, result: await work() } as const;
    } catch (error) {
      if (signal.aborted || !absorbs(partition, error)) throw error;
      return { done: false } as const;
    }
  }

  const looking = keepLooking().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  return {
    absorbs,
    settled: (partition) => void refused.delete(partition),
    async insist(partition, work, signal) {
      try {
        for (let wait_ms: number = WAIT_MS.first; ; wait_ms = Math.min(wait_ms * 2, WAIT_MS.max)) {
          const outcome = await attempt(partition, work, signal);
          if (outcome.done) return outcome.result;
          // Waiting for Redis is work: the process must not be taken for stuck.
          health.beat();
          await clock.sleep(wait_ms, signal);
        }
      } finally {
        refused.delete(partition);
      }
    },
    async stop() {
      stopping.abort(new SpanloomError('internal', 'Redis is watched no more'));
      await looking;
    },
  };
}

function isFull(error: SpanloomError): boolean {
  return error.cause instanceof Error && error.cause.message.startsWith('OOM');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A store whose every call waits for a Redis that is away or full, by `insist`. */
export function patientStore(
  store: WindowStore,
  insist: <T>(work: () => Promise<T>) => Promise<T>,
): WindowStore {
  return {
    load: (rules) => insist(() => store.load(rules)),
    save: (state, rules) => insist(() => store.save(state, rules)),
    discard: () => insist(() => store.discard()),
    get savedApplied() {
      return store.savedApplied;
    },
  };
}
