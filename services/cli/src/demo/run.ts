import type { ClickHouse } from '@spanloom/clickhouse';
import type { Admin } from '@spanloom/kafka';
import type { Clock } from '@spanloom/runtime';
import { createOracle } from '../generate/oracle';
import type { ProtoSender } from '../send/sender';
import type { Progress } from '../terminal/progress';
import { type CheckResult, checkStored } from './check';
import { type DemoCounts, demoLines } from './display';
import { createFragmentFeed } from './fragment-feed';
import { createJourney, type Journey } from './journey';
import { runLoad } from './load-run';
import { type Pulse, type PulseSources, takePulse } from './pulse';

/** What a demo is run with. */
export interface DemoDeps {
  readonly clickhouse: ClickHouse;
  readonly admin: Admin;
  readonly topicPrefix: string;
  readonly partitions: number;
  readonly state: PulseSources['state'];
  readonly sender: ProtoSender;
  readonly progress: Progress;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The load of a demo. */
export interface DemoLoad {
  readonly seed: number;
  readonly tracesPerSecond: number;
}

/** What a bounded run came to. */
export interface DemoResult extends CheckResult {
  readonly tracesSent: number;
  /** Distinct spans. */
  readonly spansSent: number;
  readonly seconds: number;
  /** From sending a trace's last span to the trace being queryable. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const FEED_MS = 250;
const PULSE_MS = 2000;
const FORGET_MS = 180_000;
const NO_PROGRESS_MS = 60_000;
const NOTHING: Pulse = { openWindows: null, lag: null, services: [] };

/** Sends load and shows what becomes of it until the signal comes. */
export async function runEndless(load: DemoLoad, deps: DemoDeps): Promise<void> {
  const journey = createJourney();
  const watch = watchJourney(journey, deps, { forget: true });
  try {
    const { clock } = deps;
    await runLoad(
      { ...load, traces: Number.POSITIVE_INFINITY, startUnixMs: clock.nowMs() },
      deps.sender,
      { ...deps, onSend: (batch) => journey.sent(batch, clock.monotonicMs()) },
    );
  } finally {
    await watch.stop();
  }
}

/** Sends so many traces, waits until all are stored or nothing moves any more, and checks every span. */
export async function runOnce(
  load: DemoLoad & { readonly traces: number },
  deps: DemoDeps,
): Promise<DemoResult> {
  const { clock, signal, progress } = deps;
  const begun_ms = clock.monotonicMs();
  const oracle = createOracle();
  const journey = createJourney();
  const watch = watchJourney(journey, deps, { forget: false });
  try {
    await runLoad({ ...load, startUnixMs: clock.nowMs() }, deps.sender, {
      clock,
      signal,
      onSend: (batch) => {
        journey.sent(batch, clock.monotonicMs());
        for (const span of batch.spans) oracle.sent(span);
      },
    });
    await untilStored(journey, oracle.spans, watch, deps);
  } finally {
    await watch.stop();
  }
  const onProgress = (traces: number): void =>
    progress.show(() => [`checking what is stored: ${traces} of ${oracle.traces.size} traces`]);
  const patience_ms = journey.spans >= oracle.spans ? NO_PROGRESS_MS : 0;
  const options = { clock, signal, patience_ms, onProgress };
  const found = await checkStored(deps.clickhouse, oracle, options);
  const [p50, p99] = journey.quantiles([0.5, 0.99]);
  return {
    ...found,
    tracesSent: oracle.traces.size,
    spansSent: oracle.spans,
    seconds: Math.round(clock.monotonicMs() - begun_ms) / 1000,
    p50Ms: Math.round(p50),
    p99Ms: Math.round(p99),
  };
}

async function untilStored(
  journey: Journey,
  spans: number,
  watch: Watch,
  { clock, signal }: DemoDeps,
): Promise<void> {
  let best = -1;
  let since_ms = clock.monotonicMs();
  while (journey.spans < spans) {
    watch.throwIfFailed();
    if (journey.spans > best) {
      best = journey.spans;
      since_ms = clock.monotonicMs();
    }
    if (clock.monotonicMs() - since_ms > NO_PROGRESS_MS) return;
    await clock.sleep(FEED_MS, signal);
  }
}

interface Watch {
  throwIfFailed(): void;
  stop(): Promise<void>;
}

/** Two loops beside the sending: what became queryable, and the pulse; each redraws the display. */
function watchJourney(journey: Journey, deps: DemoDeps, how: { readonly forget: boolean }): Watch {
  const { clock, sender } = deps;
  const begun_ms = clock.monotonicMs();
  const stopping = new AbortController();
  const sinceS = Math.floor(clock.nowMs() / 1000) - 1;
  const feed = createFragmentFeed(deps.clickhouse, { sinceS, partitions: deps.partitions });
  const speed = createSpeed();
  let pulse = NOTHING;
  let failures = 0;
  let failure: unknown = null;

  const draw = (): void => deps.progress.show(() => demoLines(counts(), pulse));
  const counts = (): DemoCounts => {
    const [endToEndP50Ms, endToEndP99Ms] = journey.quantiles([0.5, 0.99]);
    const { spans: spansSent } = sender.counts();
    return {
      seconds: (clock.monotonicMs() - begun_ms) / 1000,
      spansPerSecond: speed(spansSent, clock.monotonicMs()),
      spansSent,
      tracesFinished: journey.traces,
      spansStored: journey.spans,
      endToEndP50Ms,
      endToEndP99Ms,
    };
  };
  const readFeed = async (): Promise<void> => {
    try {
      const fragments = await feed.next();
      const now_ms = clock.monotonicMs();
      for (const fragment of fragments) journey.stored(fragment, now_ms);
      if (how.forget) journey.forget(now_ms - FORGET_MS);
      failures = 0;
    } catch (error) {
      // ClickHouse may be away for a while: it is restarted, and nothing is lost by waiting.
      failures += 1;
      if (failures * FEED_MS > NO_PROGRESS_MS) failure = error;
    }
    draw();
  };
  const loop = async (work: () => Promise<void>, every_ms: number): Promise<void> => {
    while (!stopping.signal.aborted) {
      await work();
      await clock.sleep(every_ms, stopping.signal).catch(() => undefined);
    }
  };
  const loops = [
    loop(readFeed, FEED_MS),
    loop(async () => {
      pulse = await takePulse(deps);
    }, PULSE_MS),
  ];
  return {
    throwIfFailed() {
      if (failure !== null) throw failure;
    },
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      deps.progress.end();
    },
  };
}

const SPEED_MS = 3000;

/** Change per second of a counter over the last few seconds. */
function createSpeed(): (value: number, at_ms: number) => number {
  const points: { value: number; at_ms: number }[] = [];
  return (value, at_ms) => {
    points.push({ value, at_ms });
    while (points.length > 2 && (points[1]?.at_ms ?? 0) < at_ms - SPEED_MS) points.shift();
    const first = points[0];
    if (first === undefined || at_ms === first.at_ms) return 0;
    return ((value - first.value) / (at_ms - first.at_ms)) * 1000;
  };
}
