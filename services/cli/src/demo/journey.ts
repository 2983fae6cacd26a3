import type { LoadBatch } from '../generate/load';
import type { StoredFragment } from './fragment-feed';

/** Follows traces from sending to being queryable. Times are of one monotonic clock, ms. */
export interface Journey {
  sent(batch: LoadBatch, at_ms: number): void;
  stored(fragment: StoredFragment, at_ms: number): void;
  /** Forgets traces that were sent before `at_ms` and have not come out. */
  forget(before_ms: number): void;
  /** Traces of which something is queryable. */
  readonly traces: number;
  /** Spans of our traces in queryable fragments. */
  readonly spans: number;
  /**
   * Quantiles, each 0..1, of the time from sending a trace's last span (late ones aside) to the trace
   * being queryable, ms, over the newest traces. NaN when unknown.
   */
  quantiles<const Q extends readonly number[]>(qs: Q): { [I in keyof Q]: number };
}

/** Enough for p99 of the last while. */
const TIMES_MAX = 100_000;

/** Makes a journey on which nothing is. */
export function createJourney(): Journey {
  const underWay = new Map<string, number>();
  const arrived = new Set<string>();
  const times_ms: number[] = [];
  let next = 0;
  let traces = 0;
  let spans = 0;
  return {
    sent({ what, spans: members }, at_ms) {
      if (what !== 'new') return;
      for (const { traceId } of members) {
        if (!arrived.has(traceId)) underWay.set(traceId, at_ms);
      }
    },
    stored({ traceId, spans: count }, at_ms) {
      const sent_ms = underWay.get(traceId);
      if (sent_ms === undefined && !arrived.has(traceId)) return;
      spans += count;
      if (sent_ms === undefined) return;
      underWay.delete(traceId);
      arrived.add(traceId);
      traces += 1;
      times_ms[next] = at_ms - sent_ms;
      next = (next + 1) % TIMES_MAX;
    },
    forget(before_ms) {
      for (const [traceId, sent_ms] of underWay) {
        if (sent_ms < before_ms) underWay.delete(traceId);
      }
      // A Set keeps the order in which ids came: the oldest go first.
      for (const traceId of arrived) {
        if (arrived.size <= TIMES_MAX) break;
        arrived.delete(traceId);
      }
    },
    get traces() {
      return traces;
    },
    get spans() {
      return spans;
    },
    quantiles(qs) {
      const sorted = Float64Array.from(times_ms).sort();
      const at = (q: number): number => Math.max(0, Math.ceil(q * sorted.length) - 1);
      return qs.map((q) => sorted[at(q)] ?? Number.NaN) as { [I in keyof typeof qs]: number };
    },
  };
}
