import { createRandom, type Random } from '@spanloom/cli';
import type { EngineName } from '@spanloom/infra';
import type { Span } from '@spanloom/model';
import type { Redis } from '@spanloom/redis';
import type { Clock } from '@spanloom/runtime';
import { type DirectProducer, smallSpan } from './direct-producer';
import type { Load } from './load';
import type { FaultKind, PlannedFault } from './plan';
import { cutInTheMiddle, errorAfterInsert, type Interceptor } from './proxy';
import { type ProxiedEngine, SESSION_MS, type Stack } from './stack';
import type { Worker } from './worker';

/** What faults are made with. */
export interface FaultDeps {
  readonly stack: Stack;
  readonly load: Load;
  readonly producer: DirectProducer;
  /** A connection past the proxy. */
  readonly redis: Redis;
  readonly seed: number;
  /** How long ClickHouse stays away. */
  readonly downtime_ms: number;
  /** Spans of a huge trace. */
  readonly huge_spans: number;
  readonly clock: Clock;
}

/** Makes a fault; resolves when its cause is gone again, with whether it struck at all. */
export type Striker = (fault: PlannedFault) => Promise<boolean>;

/** A paused process sleeps for longer than its session lasts. */
const PAUSE_MS = SESSION_MS + 3000;
/** An engine may be away when its answer is to be cut. */
const INTERCEPT_MS = 60_000;
const STEP_MS = 30_000;
const POLL_MS = 50;
const COPY_MS = 30_000;
const REBUILT = 'assembler.rebuilt';

/** One thing at a time for each name: an engine is not restarted while it restarts. */
function createQueues(): (name: string, work: () => Promise<void>) => Promise<void> {
  const tails = new Map<string, Promise<void>>();
  return (name, work) => {
    const tail = (tails.get(name) ?? Promise.resolve()).then(work);
    tails.set(
      name,
      tail.catch(() => undefined),
    );
    return tail;
  };
}

/** Makes the faults of a run. */
export function createStriker(deps: FaultDeps): Striker {
  const { stack, load, producer, clock } = deps;
  const queue = createQueues();

  async function until(condition: () => boolean, limit_ms: number): Promise<boolean> {
    const end_ms = clock.monotonicMs() + limit_ms;
    while (!condition()) {
      if (clock.monotonicMs() > end_ms) return false;
      await clock.sleep(POLL_MS);
    }
    return true;
  }

  /** One of the copies that run; waits a while for one when all were just killed or paused. */
  async function chosen(service: string, pick: number): Promise<Worker | undefined> {
    const healthy = () => stack.workers(service).filter((worker) => worker.isHealthy());
    await until(() => healthy().length > 0, COPY_MS);
    const copies = healthy();
    return copies[Math.floor(pick * copies.length)];
  }

  async function kill(service: string, pick: number): Promise<boolean> {
    const worker = await chosen(service, pick);
    await worker?.kill();
    return worker !== undefined;
  }

  async function pause(service: string, pick: number): Promise<boolean> {
    const worker = await chosen(service, pick);
    if (worker === undefined) return false;
    worker.signal('SIGSTOP');
    await clock.sleep(PAUSE_MS);
    worker.signal('SIGCONT');
    return true;
  }

  /** A rebuild needs a Redis without state, once the armed copy has partitions. */
  async function flushUntil(struck: () => boolean): Promise<void> {
    for (let waited_ms = 0; waited_ms < STEP_MS && !struck(); waited_ms += SESSION_MS / 2) {
      await clock.sleep(SESSION_MS / 2);
      await queue('redis', () => deps.redis.client.flushall().then(() => undefined));
    }
  }

  async function strikeAtStep(
    action: 'kill' | 'pause',
    { step, pick }: PlannedFault,
    nth: number,
  ): Promise<boolean> {
    const worker = await chosen(step.split('.')[0] as string, pick);
    if (worker === undefined) return false;
    await worker.arm(`${step}:${nth}:${action}`);
    const { life } = worker;
    const struck = (): boolean => (action === 'kill' ? worker.life > life : worker.isStopped());
    if (step === REBUILT) void flushUntil(struck);
    if (!(await until(struck, STEP_MS))) {
      // Or it strikes when nobody looks any more, and a paused process is never woken.
      await worker.arm('');
      return false;
    }
    if (action === 'kill') return true;
    await clock.sleep(PAUSE_MS);
    worker.signal('SIGCONT');
    return true;
  }

  /** A copy may have no partitions, or no work of that sort, for a while: then another try at the first passage. */
  async function atStep(action: 'kill' | 'pause', fault: PlannedFault): Promise<boolean> {
    for (const nth of [fault.nth, 1, 1]) {
      if (await strikeAtStep(action, fault, nth)) return true;
    }
    return false;
  }

  async function restart(name: EngineName, down_ms: number, wipe: boolean): Promise<boolean> {
    await queue(name, async () => {
      await stack.engines.kill(name);
      await clock.sleep(down_ms);
      await stack.engines.restart(name, { wipe });
    });
    return true;
  }

  const intercept = (name: ProxiedEngine, interceptor: Interceptor): Promise<boolean> =>
    stack.proxies[name].intercept(interceptor, INTERCEPT_MS);

  async function again(random: Random): Promise<boolean> {
    if (load.recent.length === 0) return false;
    for (let i = 0; i < 3; i++) await producer.spans(random.pick(load.recent), false);
    return true;
  }

  async function late(random: Random): Promise<boolean> {
    const old = load.recent.slice(0, 10).flat();
    if (old.length === 0) return false;
    const spans: Span[] = [];
    for (let i = 0; i < 20; i++) {
      spans.push(smallSpan(random, random.pick(old).traceId, false));
    }
    await producer.spans(spans, true);
    return true;
  }

  const done = async (work: Promise<void>): Promise<boolean> => {
    await work;
    return true;
  };

  const byKind: Readonly<
    Record<FaultKind, (fault: PlannedFault, random: Random) => Promise<boolean>>
  > = {
    'gateway-kill': ({ pick }) => kill('gateway', pick),
    'assembler-kill': ({ pick }) => kill('assembler', pick),
    'latency-kill': ({ pick }) => kill('latency', pick),
    'sink-kill': ({ pick }) => kill('sink', pick),
    'gateway-pause': ({ pick }) => pause('gateway', pick),
    'assembler-pause': ({ pick }) => pause('assembler', pick),
    'latency-pause': ({ pick }) => pause('latency', pick),
    'sink-pause': ({ pick }) => pause('sink', pick),
    'gateway-kill-at-step': (fault) => atStep('kill', fault),
    'assembler-kill-at-step': (fault) => atStep('kill', fault),
    'latency-kill-at-step': (fault) => atStep('kill', fault),
    'sink-kill-at-step': (fault) => atStep('kill', fault),
    'gateway-pause-at-step': (fault) => atStep('pause', fault),
    'assembler-pause-at-step': (fault) => atStep('pause', fault),
    'latency-pause-at-step': (fault) => atStep('pause', fault),
    'sink-pause-at-step': (fault) => atStep('pause', fault),
    'copy-added': ({ worker }) => stack.addCopy(worker),
    'copy-removed': ({ worker, pick }) => stack.removeCopy(worker, pick),
    'redis-flush': () => done(queue('redis', () => deps.redis.client.flushall().then(() => {}))),
    'redis-restart': () => restart('redis', 500, false),
    'redis-restart-empty': () => restart('redis', 500, true),
    'clickhouse-kill': () => restart('clickhouse', deps.downtime_ms, false),
    'kafka-restart': () => restart('kafka', 1000, false),
    'registry-restart': () => restart('registry', 1000, false),
    'redis-cut': () => intercept('redis', cutInTheMiddle),
    'clickhouse-cut': () => intercept('clickhouse', cutInTheMiddle),
    'kafka-cut': () => intercept('kafka', cutInTheMiddle),
    'insert-error-after-apply': () => intercept('clickhouse', errorAfterInsert),
    poison: (_, random) => done(producer.writePoison(random)),
    'huge-trace': (_, random) => done(producer.hugeTrace(random, deps.huge_spans)),
    'producer-duplicates': (_, random) => again(random),
    'late-spans': (_, random) => late(random),
  };

  return (fault) => byKind[fault.kind](fault, createRandom(deps.seed, 0xf0, fault.number));
}
