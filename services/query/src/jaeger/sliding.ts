import { BUCKET_INDEX_MAX, quantilesOf } from '@spanloom/sketch';
import type { SlotRow } from '../sql/pane-slots';

const ALL_INDICES = Int32Array.from({ length: BUCKET_INDEX_MAX + 1 }, (_, index) => index);

/** The slots of one series that are in the window. */
export interface SlidingWindow {
  readonly spans: number;
  readonly errors: number;
  /** ns; NaN without spans. */
  quantile(q: number): number;
}

/**
 * Slides a window over the slots of one series: calls `at` for each end, in order, with what is in the `length`
 * slots before it. Each slot is added once and taken away once, whatever the number of ends.
 *
 * @param slots in order of their numbers
 * @param ends numbers of the slots before which the window ends, never falling
 */
export function slide<T>(
  slots: readonly SlotRow[],
  length: number,
  ends: readonly number[],
  at: (window: SlidingWindow) => T,
): readonly T[] {
  const { low, high } = bucketRange(slots);
  const counts = new Float64Array(Math.max(0, high - low + 1));
  const indices = ALL_INDICES.subarray(low, low + counts.length);
  let first = 0;
  let next = 0;
  let spans = 0;
  let errors = 0;

  const apply = (slot: SlotRow, sign: 1 | -1): void => {
    spans += sign * slot.spans;
    errors += sign * slot.errors;
    for (let i = 0; i < slot.indices.length; i++) {
      const place = (slot.indices[i] as number) - low;
      counts[place] = (counts[place] as number) + sign * (slot.counts[i] as number);
    }
  };
  const quantile = (q: number): number => {
    let min = Number.POSITIVE_INFINITY;
    let max = 0;
    for (let i = first; i < next; i++) {
      min = Math.min(min, (slots[i] as SlotRow).min_nano);
      max = Math.max(max, (slots[i] as SlotRow).max_nano);
    }
    return quantilesOf({ indices, counts, length: counts.length, min, max }, [q])[0] as number;
  };

  return ends.map((end) => {
    for (; next < slots.length && (slots[next] as SlotRow).slot < end; next++) {
      apply(slots[next] as SlotRow, 1);
    }
    for (; first < next && (slots[first] as SlotRow).slot < end - length; first++) {
      apply(slots[first] as SlotRow, -1);
    }
    return at({ spans, errors, quantile });
  });
}

/** The least and the greatest bucket that any of the slots has. */
function bucketRange(slots: readonly SlotRow[]): { readonly low: number; readonly high: number } {
  let low = BUCKET_INDEX_MAX + 1;
  let high = -1;
  for (const { indices } of slots) {
    if (indices.length === 0) continue;
    low = Math.min(low, indices[0] as number);
    high = Math.max(high, indices.at(-1) as number);
  }
  return { low, high };
}
