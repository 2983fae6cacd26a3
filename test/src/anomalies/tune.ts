import { DETECTOR_RULES, type DetectorRules } from '@spanloom/detector';
import type { Score } from './score';

/** What is tried: what decides most about events. */
const GRID = {
  evidence_min: [3, 4, 5, 6],
  effect_min: [0.1, 0.2, 0.3],
  share_evidence_min: [6, 8, 10, 12],
  window_s: [40, 60, 90],
} as const;

/** A combination and how it came out. */
export interface Tried {
  readonly changed: Partial<DetectorRules>;
  readonly score: Score;
}

/** All combinations of the grid, the best first: most faults found, then fewest other events. */
export function tune(of: (rules: DetectorRules) => Score): readonly Tried[] {
  const tried: Tried[] = [];
  for (const evidence_min of GRID.evidence_min) {
    for (const effect_min of GRID.effect_min) {
      for (const share_evidence_min of GRID.share_evidence_min) {
        for (const window_s of GRID.window_s) {
          const changed = { evidence_min, effect_min, share_evidence_min, window_s };
          tried.push({ changed, score: of({ ...DETECTOR_RULES, ...changed }) });
        }
      }
    }
  }
  const other = ({ late, unfounded }: Score): number => late + unfounded;
  return tried.sort((a, b) => b.score.found - a.score.found || other(a.score) - other(b.score));
}
