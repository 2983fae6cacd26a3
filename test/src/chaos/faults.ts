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
const INTERCEPT_MS = 15_000;
const STEP_MS = 20_000;
const POLL_MS = 50;

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

  function chosen(service: string, pick: number): Worker | undefined {
    const healthy = stack.workers(service).filter((worker) => worker.isHealthy());
    return healthy[Math.floor(pick * healthy.length)];
  }

  async function until(condition: () => boolean, limit_ms: number): Promise<boolean> {
    const end_ms = clock.monotonicMs() + limit_ms;
    while (!condition()) {
      if (clock.monotonicMs() > end_ms) return false;
      await clock.sleep(POLL_MS);
    }
    return true;
  }

  async function kill(service: string, pick: number): Promise<boolean> {
    const worker = chosen(service, pick);
    await worker?.kill();
    return worker !== undefined;
  }

  async function pause(service: string, pick: number): Promise<boolean> {
    const worker = chosen(service, pick);
    if (worker === undefined) return false;
    worker.signal('SIGSTOP');
    await clock.sleep(PAUSE_MS);
    worker.signal('SIGCONT');
    return true;
  }

  /** The step may lie behind a copy without partitions, or without work of that sort: then nothing strikes. */
  async function atStep(action: 'kill' | 'pause', fault: PlannedFault): Promise<boolean> {
    const worker = chosen(fault.worker, fault.pick);
    if (worker === undefined) return false;
    await worker.arm(`${fault.step}:${fault.nth}:${action}`);
    const { life } = worker;
    if (action === 'kill') return until(() => worker.life > life, STEP_MS);
    if (!(await until(() => worker.isStopped(), STEP_MS))) return false;
    await clock.sleep(PAUSE_MS);
    worker.signal('SIGCONT');
    return true;
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
    'assembler-kill-at-step': (fault) => atStep('kill', fault),
    'latency-kill-at-step': (fault) => atStep('kill', fault),
    'sink-kill-at-step': (fault) => atStep('kill', fault),
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
