import { isExit } from '@spanloom/trace';
import type { Share } from './finding';
import type { DetectorRules } from './rules';
import type { SeriesPane } from './self-time-pane';
import type { Shares, Tally } from './shares';
import { lnBinomialTail } from './tails';

const EXEMPLARS_MAX = 3;
const NO_CHILDREN = 0;
const NEVER: Tally = { weight: 0, squares: 0 };

interface Counted {
  traces: number;
  readonly exemplars: Set<string>;
}

/**
 * Whether more traces of a window fail in the series, or whether its spans have a shape that they had not:
 * the one-sided binomial test against the share in the baseline, (weight + 1) / (all + 1), its logarithm
 * divided by how much such traces have come in bursts so far. A span that returns early, or throws, has
 * fewer children: recordings without a status still show it.
 *
 * @param panes of one operation, at least one
 * @returns at most one finding of each sort, the one with the most evidence
 */
export function judgeShares(
  panes: readonly SeriesPane[],
  shares: Shares,
  rules: DetectorRules,
): readonly Share[] {
  const found: Share[] = [];
  const failures = judgeOne(
    'failures',
    panes,
    counted(panes, failedOf),
    shares.failed,
    shares,
    rules,
  );
  if (failures !== null) found.push(failures);
  let most: Share | null = null;
  for (const [children, count] of shapesOf(panes)) {
    const known = shares.shapes.get(children) ?? NEVER;
    const share = judgeOne('shape', panes, count, known, shares, rules);
    if (share === null || (most !== null && share.evidence <= most.evidence)) continue;
    const { name } = share;
    const calls = name.type === 'operation' && isExit(name.kind);
    most = { ...share, missing: calls && children === NO_CHILDREN ? shares.peer : '' };
  }
  if (most !== null) found.push(most);
  return found;
}

function judgeOne(
  what: Share['what'],
  panes: readonly SeriesPane[],
  { traces, exemplars }: Counted,
  known: Tally,
  shares: Shares,
  rules: DetectorRules,
): Share | null {
  const all = panes.reduce((sum, pane) => sum + pane.traces, 0);
  const expected = (known.weight + 1) / (shares.traces + 1);
  const observed = traces / all;
  if (traces < rules.share_traces_min || observed - expected < rules.share_effect_min) return null;
  const tail = lnBinomialTail(all, traces, expected) / shares.dispersion(known);
  const evidence = -tail / Math.LN10;
  if (evidence < rules.share_evidence_min) return null;
  return {
    what,
    name: (panes[0] as SeriesPane).name,
    traces,
    observed,
    expected: known.weight / Math.max(1, shares.traces),
    effect: observed - expected,
    evidence,
    missing: '',
    exemplars: [...exemplars].slice(0, EXEMPLARS_MAX),
  };
}

const failedOf = (pane: SeriesPane): { traces: number; exemplar: string } => ({
  traces: pane.failedTraces,
  exemplar: pane.failed,
});

function counted(
  panes: readonly SeriesPane[],
  of: (pane: SeriesPane) => { readonly traces: number; readonly exemplar: string },
): Counted {
  const count: Counted = { traces: 0, exemplars: new Set() };
  for (const pane of panes) {
    const { traces, exemplar } = of(pane);
    count.traces += traces;
    if (traces > 0) count.exemplars.add(exemplar);
  }
  return count;
}

function shapesOf(panes: readonly SeriesPane[]): ReadonlyMap<number, Counted> {
  const counts = new Map<number, Counted>();
  for (const pane of panes) {
    for (const { children, traces, exemplar } of pane.shapes) {
      const count = counts.get(children) ?? { traces: 0, exemplars: new Set<string>() };
      count.traces += traces;
      count.exemplars.add(exemplar);
      counts.set(children, count);
    }
  }
  return counts;
}
