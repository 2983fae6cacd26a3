import { createRandom, type Random } from '@spanloom/cli';

/** What can be broken, each in one way. */
export const FAULT_KINDS = [
  'gateway-kill',
  'assembler-kill',
  'latency-kill',
  'sink-kill',
  'gateway-pause',
  'assembler-pause',
  'latency-pause',
  'sink-pause',
  'gateway-kill-at-step',
  'assembler-kill-at-step',
  'latency-kill-at-step',
  'sink-kill-at-step',
  'gateway-pause-at-step',
  'assembler-pause-at-step',
  'latency-pause-at-step',
  'sink-pause-at-step',
  'copy-added',
  'copy-removed',
  'redis-flush',
  'redis-restart',
  'redis-restart-empty',
  'clickhouse-kill',
  'kafka-restart',
  'registry-restart',
  'redis-cut',
  'clickhouse-cut',
  'kafka-cut',
  'insert-error-after-apply',
  'poison',
  'huge-trace',
  'producer-duplicates',
  'late-spans',
] as const;

/** One of {@link FAULT_KINDS}. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** The workers that exist in several copies. */
export const WORKERS = ['assembler', 'latency', 'sink'] as const;
/** One of {@link WORKERS}. */
export type WorkerName = (typeof WORKERS)[number];

/** The fault points compiled into each service: before and after every side effect. */
export const STEPS: Readonly<Record<WorkerName | 'gateway', readonly string[]>> = {
  gateway: ['gateway.before-produce', 'gateway.after-produce'],
  assembler: [
    'assembler.before-produce',
    'assembler.after-produce',
    'assembler.before-checkpoint',
    'assembler.after-checkpoint',
    'assembler.after-commit',
    'assembler.rebuilt',
    'assembler.before-tick',
    'assembler.after-tick',
  ],
  latency: ['latency.before-produce', 'latency.after-produce', 'latency.after-commit'],
  sink: [
    'sink.before-intent',
    'sink.after-intent',
    'sink.before-insert',
    'sink.after-insert',
    'sink.before-commit',
    'sink.after-commit',
  ],
};

/** One fault of a schedule. */
export interface PlannedFault {
  /** From 1. */
  readonly number: number;
  readonly kind: FaultKind;
  /** When it strikes, ms after the load began. */
  readonly at_ms: number;
  /** In [0, 1): which of the copies there are. */
  readonly pick: number;
  /** The worker that a copy is added to or taken from. */
  readonly worker: WorkerName;
  /** Fault point, for the kinds that strike at a step. */
  readonly step: string;
  /** At which passage of the step, counted from 1. */
  readonly nth: number;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(random.int(0, left.length - 1), 1));
  return order;
}

/** Steps in random order, each once before any comes again. */
function stepDealer(random: Random): (service: keyof typeof STEPS) => string {
  const decks = new Map<string, string[]>();
  return (service) => {
    let deck = decks.get(service) ?? [];
    if (deck.length === 0) deck = shuffled(STEPS[service], random);
    decks.set(service, deck);
    return deck.pop() as string;
  };
}

function serviceOf(kind: FaultKind): keyof typeof STEPS {
  return kind.slice(0, kind.indexOf('-')) as keyof typeof STEPS;
}

/**
 * Makes a schedule of `faults` faults: every kind once in random order, then again, and so on. The same
 * seed gives the same schedule. Pure.
 * @param pace_ms mean time between two faults
 */
export function planFaults(options: {
  readonly seed: number;
  readonly faults: number;
  readonly pace_ms: number;
  readonly kinds: readonly FaultKind[];
}): readonly PlannedFault[] {
  const random = createRandom(options.seed, 0xfa17);
  const deal = stepDealer(random);
  const planned: PlannedFault[] = [];
  let at_ms = 3 * options.pace_ms;
  let deck: FaultKind[] = [];
  for (let number = 1; number <= options.faults; number++) {
    if (deck.length === 0) deck = shuffled(options.kinds, random);
    const kind = deck.pop() as FaultKind;
    const worker = random.pick(WORKERS);
    const step = kind.endsWith('-at-step') ? deal(serviceOf(kind)) : '';
    // A rebuild happens once in a life, if at all.
    const nth = step === 'assembler.rebuilt' ? 1 : random.int(1, 5);
    planned.push({
      number,
      kind,
      at_ms: Math.round(at_ms),
      pick: random.unit(),
      worker,
      step,
      nth,
    });
    at_ms += options.pace_ms * (0.3 + 1.4 * random.unit());
  }
  return planned;
}
