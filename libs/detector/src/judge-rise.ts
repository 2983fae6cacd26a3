import { type Baseline, SurpriseScale } from './baseline';
import type { Rise } from './finding';
import type { DetectorRules } from './rules';
import { bucketNano, type SeriesPane } from './self-time-pane';
import { lnGammaTail } from './tails';

const EXEMPLARS_MAX = 3;
const scale = new SurpriseScale();

/** Panes of one series taken together, on the scale of its baseline. */
interface Surprise {
  readonly traces: number;
  /** Σ surprise, as if each trace had one observation: the mean of all times the traces. */
  readonly sum: number;
  readonly excessNano: number;
  readonly traceNano: number;
}

function surpriseOf(panes: readonly SeriesPane[]): Surprise {
  let traces = 0;
  let traceNano = 0;
  let observations = 0;
  let sum = 0;
  let excess = 0;
  for (const pane of panes) {
    traces += pane.timedTraces;
    traceNano += pane.traceNano;
    for (let i = 0; i < pane.buckets.length; i++) {
      const bucket = pane.buckets[i] as number;
      const count = pane.counts[i] as number;
      observations += count;
      sum += count * scale.surprise(bucket);
      excess += count * Math.max(0, bucketNano(bucket) - scale.medianNano);
    }
  }
  const mean = observations === 0 ? 0 : sum / observations;
  const excessNano = excess - scale.excessNano * observations;
  return { traces, sum: mean * traces, excessNano, traceNano };
}

/**
 * Whether the self times of a window have risen: Fisher's method (Fisher 1925, section 21.1) over the
 * conformal p-values of the traces. Were nothing different, the sum of −ln p would follow a gamma
 * distribution with the number of traces as its shape; both are divided by the series' dispersion, since
 * traces at the same time are not independent. Several spans of a trace count as one trace.
 *
 * @param panes of one series, at least one
 */
export function judgeRise(panes: readonly SeriesPane[], baseline: Baseline): Rise | null {
  scale.load(baseline);
  const { traces, sum, excessNano, traceNano } = surpriseOf(panes);
  if (traces === 0 || excessNano <= 0) return null;
  const dispersion = Math.max(1, baseline.dispersion);
  const shape = Math.max(0.5, traces / dispersion);
  return {
    what: 'self-time',
    name: (panes[0] as SeriesPane).name,
    traces,
    observed: p99Of(panes),
    expected: scale.p99Nano,
    excessNano,
    effect: traceNano > 0 ? excessNano / traceNano : 0,
    evidence: -lnGammaTail(shape, sum / dispersion) / Math.LN10,
    exemplars: slowestOf(panes),
  };
}

/** Learns a pane, given in parts: its surprise for the dispersion, where there is a baseline, then its self times. */
export function learnTimes(
  parts: readonly SeriesPane[],
  baseline: Baseline,
  rules: DetectorRules,
): void {
  if (baseline.total >= rules.baseline_min) {
    scale.load(baseline);
    const { sum, traces } = surpriseOf(parts);
    if (traces > 0) baseline.disperse((sum - traces) / Math.sqrt(traces));
  }
  for (const part of parts) baseline.add(part);
}

function p99Of(panes: readonly SeriesPane[]): number {
  const counts = new Map<number, number>();
  let total = 0;
  for (const pane of panes) {
    for (let i = 0; i < pane.buckets.length; i++) {
      const bucket = pane.buckets[i] as number;
      counts.set(bucket, (counts.get(bucket) ?? 0) + (pane.counts[i] as number));
      total += pane.counts[i] as number;
    }
  }
  let above = 0;
  for (const [bucket, count] of [...counts].sort(([a], [b]) => b - a)) {
    above += count;
    if (above > total * 0.01) return bucketNano(bucket);
  }
  return 0;
}

function slowestOf(panes: readonly SeriesPane[]): readonly string[] {
  const byNano = [...panes].sort((a, b) => b.slowestNano - a.slowestNano);
  return [...new Set(byNano.map(({ slowest }) => slowest))].slice(0, EXEMPLARS_MAX);
}
