import type { StoreChange, StoredContents } from '@spanloom/window';

/**
 * Two changes of a store as one. What is put by the earlier and removed by the later was never there: numbers
 * of keys are given once.
 */
export function mergeChanges(
  earlier: readonly StoreChange[],
  later: readonly StoreChange[],
): readonly StoreChange[] {
  const merged = new Map<string, StoreChange>();
  for (const change of earlier) merged.set(nameOf(change), change);
  for (const change of later) {
    const name = nameOf(change);
    const before = merged.get(name);
    if (change.what === 'remove' && before?.what === 'put') merged.delete(name);
    else merged.set(name, before === undefined ? change : follow(before, change));
  }
  return [...merged.values()];
}

/**
 * Puts changes into the order in which a full Redis takes them if they free memory, and refuses them if they
 * need more: it refuses a script whose first write may use memory, and lets one go on that began by deleting.
 */
export function inSafeOrder(
  changes: readonly StoreChange[],
  before_bytes: number,
  after_bytes: number,
): readonly StoreChange[] {
  const removals = changes.filter((change) => change.what === 'remove');
  const others = changes.filter((change) => change.what !== 'remove');
  return after_bytes < before_bytes ? [...removals, ...others] : [...others, ...removals];
}

/** Bytes that a store of these contents holds. */
export function bytesOf(contents: StoredContents): number {
  return [...contents.segments, ...contents.closed].reduce((sum, { bytes }) => sum + bytes, 0);
}

function follow(before: StoreChange, change: StoreChange): StoreChange {
  if (change.what !== 'append' || before.what === 'remove') return change;
  return { ...before, bytes: Buffer.concat([before.bytes, change.bytes]) };
}

function nameOf({ key }: StoreChange): string {
  return `${key.of}:${key.number}`;
}
