import type { Span } from '@spanloom/model';
import {
  createLatencyState,
  decodePaneBatch,
  inWindow,
  LATENCY_RULES,
  type LatencyPane,
  type LatencyRecord,
  type LatencyRules,
  ROLLING_WINDOWS_S,
  SUMMARY_QUANTILES,
  step,
  summarize,
} from '../src';
import { DISTRIBUTIONS, exactQuantile, seeded } from './distributions';
import { batchOf, span } from './log';

const START_S = 1_700_000_000;
const LENGTH_S = 4_000;
const SPANS = 12_000;
/** Early flushes as well as those by the clock. */
const RULES: LatencyRules = { ...LATENCY_RULES, spans_max: 400, message_bytes_max: 20_000 };

interface Observation {
  readonly endS: number;
  readonly nano: number;
  readonly weight: number;
  readonly failed: boolean;
}

/** Some in ten stand for two or four spans, by what their producer sampled. */
const SAMPLING = [
  ['ot=th:8', 2],
  ['x=y,ot=th:c', 4],
] as const;

/** A log of spans in the order of their ends, more or less: some come up to a minute late. */
function makeLog(draw: (random: () => number) => number) {
  const random = seeded(0xbadcafe);
  const observations: Observation[] = [];
  const spans: { at_ms: number; span: Span }[] = [];
  for (let i = 0; i < SPANS; i++) {
    const end_ms = START_S * 1000 + Math.floor((i / SPANS) * LENGTH_S * 1000);
    const nano = draw(random);
    const sampling = SAMPLING[Math.floor(random() * 20)];
    const failed = random() < 0.07;
    const endNano = BigInt(end_ms) * 1_000_000n;
    observations.push({
      endS: Math.floor(end_ms / 1000),
      nano,
      weight: sampling?.[1] ?? 1,
      failed,
    });
    spans.push({
      at_ms: end_ms + Math.floor(random() ** 8 * 60_000),
      span: span({
        spanId: (i + 1).toString(16).padStart(16, '0'),
        startUnixNano: endNano - BigInt(nano),
        durationNano: BigInt(nano),
        statusCode: failed ? 2 : 0,
        traceState: sampling?.[0] ?? '',
      }),
    });
  }
  spans.sort((a, b) => a.at_ms - b.at_ms);
  const records: LatencyRecord[] = [];
  for (let i = 0; i < spans.length; i += 20) {
    const some = spans.slice(i, i + 20);
    const timestampMs = (some[0] as { at_ms: number }).at_ms;
    records.push({
      offset: records.length,
      timestampMs,
      batch: batchOf(some.map((one) => one.span)),
    });
  }
  const tick_ms = (START_S + 2 * LENGTH_S) * 1000;
  records.push({ offset: records.length, timestampMs: tick_ms, batch: null });
  return { observations, records };
}

/**
 * The worker as it runs: after each flush its messages are produced, then the commit. Here it is killed dozens
 * of times, while gathering, between producing and committing, and after it. What it produced stays.
 */
function runWithCrashes(records: readonly LatencyRecord[]): {
  readonly produced: readonly Buffer[];
  readonly crashes: number;
} {
  const random = seeded(0x5eed);
  const produced: Buffer[] = [];
  let committed = { offset: 0, checkpoint: { seq: 1, clockS: 0 } };
  let crashes = 0;
  for (;;) {
    const state = createLatencyState(0, 1, RULES, committed.checkpoint);
    const crash = run();
    if (!crash) return { produced, crashes };
    crashes++;

    function run(): boolean {
      for (const record of records.slice(committed.offset)) {
        for (const flush of step(state, record)) {
          const all = random() < 0.95;
          produced.push(...(all ? flush.messages : flush.messages.slice(0, 1)));
          if (!all || random() < 0.07) return true;
          committed = { offset: flush.nextOffset, checkpoint: flush.checkpoint };
        }
        if (random() < 0.02) return true;
      }
      return false;
    }
  }
}

/** What the sink takes: each number once, in order. */
function accepted(produced: readonly Buffer[]): LatencyPane[] {
  let next = 1;
  const panes: LatencyPane[] = [];
  for (const message of produced) {
    const batch = decodePaneBatch(message);
    expect(batch.seq).toBeLessThanOrEqual(next);
    if (batch.seq !== next) continue;
    next++;
    panes.push(...batch.panes);
  }
  return panes;
}

/** What the window must say, from the spans themselves. */
function exactly(observations: readonly Observation[], end_s: number, window_s: number) {
  const inside = observations.filter(({ endS }) => {
    const pane = endS - (endS % 10);
    return pane >= end_s - window_s && pane < end_s;
  });
  const values = Float64Array.from(
    inside.flatMap(({ nano, weight }) => new Array<number>(weight).fill(nano)),
  ).sort();
  const weightOf = (some: readonly Observation[]): number =>
    some.reduce((sum, { weight }) => sum + weight, 0);
  return {
    count: weightOf(inside),
    errors: weightOf(inside.filter(({ failed }) => failed)),
    values,
  };
}

describe('rolling percentiles, after crashes', () => {
  it.each(Object.keys(DISTRIBUTIONS))('%s: every window within 1 %, counts exact', (name) => {
    const draw = DISTRIBUTIONS[name] as (random: () => number) => number;
    const { observations, records } = makeLog(draw);
    const { produced, crashes } = runWithCrashes(records);
    expect(crashes).toBeGreaterThan(50);
    const panes = accepted(produced);
    // Sliding by 10 s, as /api/latency does; some ends are looked at.
    for (let end_s = START_S + 600; end_s <= START_S + LENGTH_S; end_s += 430) {
      for (const window_s of ROLLING_WINDOWS_S) {
        const summary = summarize(
          panes.filter((pane) => inWindow(pane, end_s, window_s)),
          window_s,
        );
        const exact = exactly(observations, end_s, window_s);
        expect([summary.count, summary.errors]).toEqual([exact.count, exact.errors]);
        expect(summary.ratePerS).toBe(exact.count / window_s);
        expect(summary.minNano).toBe(exact.values[0]);
        expect(summary.maxNano).toBe(exact.values.at(-1));
        summary.quantilesNano.forEach((estimate, i) => {
          const value = exactQuantile(exact.values, SUMMARY_QUANTILES[i] as number);
          expect(Math.abs(estimate - value)).toBeLessThanOrEqual(value * 0.01);
        });
      }
    }
  });
});
