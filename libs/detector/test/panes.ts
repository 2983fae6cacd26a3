import type { SelfTimeBatch, SelfTimePane, SeriesName, SeriesPane, Shape } from '../src';
import { selfTimeBucket } from '../src';

/** Span time in tests begins here, s. */
export const START_S = 1_700_000_000;
const MS = 1e6;

/** An operation's name. */
export function operation(service: string, name = 'GET /', kind = 2): SeriesName {
  return { type: 'operation', service, operation: name, kind, peer: '' };
}

/** What some traces show of a series: one self time each. */
export interface Shown {
  readonly name: SeriesName;
  readonly ms: readonly number[];
  /** Duration of each trace. */
  readonly traceMs?: number;
  readonly failed?: number;
  /** Traces by the shape of the span; all have no children where nothing is said. */
  readonly shapes?: Readonly<Record<number, number>>;
}

/** A pane of a series in which each trace has one span. */
export function seriesPane(shown: Shown): SeriesPane {
  const { name, ms, traceMs = 200, failed = 0, shapes = { 0: ms.length } } = shown;
  const counts = new Map<number, number>();
  for (const value of ms) {
    const bucket = selfTimeBucket(value * MS);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  const buckets = [...counts.keys()].sort((a, b) => a - b);
  return {
    name,
    traces: ms.length,
    timedTraces: ms.length,
    traceNano: ms.length * traceMs * MS,
    buckets,
    counts: buckets.map((bucket) => counts.get(bucket) as number),
    slowestNano: Math.max(...ms) * MS,
    slowest: 'a'.repeat(32),
    failedTraces: failed,
    failed: failed > 0 ? 'f'.repeat(32) : '',
    shapes: Object.entries(shapes).map(
      ([children, traces]): Shape => ({
        children: Number(children),
        traces,
        exemplar: 'b'.repeat(32),
      }),
    ),
  };
}

/** The pane with a number, 0 being the first. */
export function pane(number: number, ...series: readonly Shown[]): SelfTimePane {
  return { startS: START_S + number * 10, series: series.map(seriesPane) };
}

/** A batch of a partition's `number`th pane. */
export function batch(
  panes: readonly SelfTimePane[],
  firstSeq: number,
  partition = 0,
  partitions = 1,
): SelfTimeBatch {
  return { partition, partitions, firstSeq, lastSeq: firstSeq, part: 0, panes };
}

/** Pseudo-random numbers in [0, 1): mulberry32. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** So many log-normal values with this median and σ. */
export function logNormal(
  next: () => number,
  count: number,
  median: number,
  sigma = 0.5,
): number[] {
  return Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return median * Math.exp(sigma * normal);
  });
}
