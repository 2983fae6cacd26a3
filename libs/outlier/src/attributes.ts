import { type Bounds, deviationsFor, differenceBounds } from './confidence';

/** Where an attribute is: a column of the span, its own attributes, those of its resource. */
export type AttributeSource = 'field' | 'span' | 'resource';

/** How many traces of each group have a value of an attribute, each looked at by one span. */
export interface ValueCount {
  readonly source: AttributeSource;
  readonly key: string;
  readonly value: string;
  /** Traces of which the slow span that was looked at has it. */
  readonly slow: number;
  /** Traces of which the other span that was looked at has it. */
  readonly rest: number;
}

/** Traces with slow spans, and traces with others. One trace may be in both. */
export interface GroupSizes {
  readonly slow: number;
  readonly rest: number;
}

/** An attribute by which the groups differ: that of its values which differs most. */
export interface AttributeDifference {
  readonly source: AttributeSource;
  readonly key: string;
  readonly value: string;
  readonly slow: number;
  readonly rest: number;
  /** Share of the group's traces that have the value. */
  readonly share_slow: number;
  readonly share_rest: number;
  /** share_slow - share_rest, and bounds that hold for all values compared together with 95 %. */
  readonly difference: number;
  readonly bounds: Bounds;
  /** share_slow / share_rest; null when no trace of the rest has it. */
  readonly lift: number | null;
  /** The difference that is sure, whichever way: what the list is ordered by. */
  readonly score: number;
}

/**
 * Ranks attributes by how much the slow differ from the rest, as far as that is not chance: by the nearer
 * bound of the difference of shares ({@link differenceBounds}). Of an attribute only the value that differs
 * most is given; what is commoner among the slow comes before what is rarer there with the same score.
 *
 * One span of a trace and group is counted, since the spans of a trace are not independent. A value that few traces
 * have, such as an id, has a wide range around a small difference and so does not win.
 *
 * @param compared how many values there are in all, also those that are not in `counts`
 */
export function rankAttributes(
  counts: readonly ValueCount[],
  sizes: GroupSizes,
  compared: number,
): readonly AttributeDifference[] {
  const deviations = deviationsFor(Math.max(compared, counts.length));
  const best = new Map<string, AttributeDifference>();
  for (const count of counts) {
    const found = differenceOf(count, sizes, deviations);
    const key = JSON.stringify([count.source, count.key]);
    const before = best.get(key);
    if (found.score > 0 && (before === undefined || compare(found, before) < 0)) {
      best.set(key, found);
    }
  }
  return [...best.values()].sort(compare);
}

function differenceOf(
  count: ValueCount,
  sizes: GroupSizes,
  deviations: number,
): AttributeDifference {
  const { source, key, value, slow, rest } = count;
  const bounds = differenceBounds(
    { hits: slow, all: sizes.slow },
    { hits: rest, all: sizes.rest },
    deviations,
  );
  const share_slow = sizes.slow === 0 ? 0 : slow / sizes.slow;
  const share_rest = sizes.rest === 0 ? 0 : rest / sizes.rest;
  return {
    source,
    key,
    value,
    slow,
    rest,
    share_slow,
    share_rest,
    difference: share_slow - share_rest,
    bounds,
    lift: share_rest === 0 ? null : share_slow / share_rest,
    score: Math.max(bounds.low, -bounds.high),
  };
}

/** Greater score first; commoner among the slow first; then by name, so that the order is always the same. */
function compare(a: AttributeDifference, b: AttributeDifference): number {
  return (
    b.score - a.score ||
    Math.sign(b.difference) - Math.sign(a.difference) ||
    compareTexts(a.source, b.source) ||
    compareTexts(a.key, b.key) ||
    compareTexts(a.value, b.value)
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
