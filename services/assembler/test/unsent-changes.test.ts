import type { StoreChange, StoredKey } from '@spanloom/window';
import * as fc from 'fast-check';
import { inSafeOrder, mergeChanges } from '../src/unsent-changes';

const key = (number: number): StoredKey => ({ of: 'open', number });
const put = (number: number, text: string): StoreChange => ({
  what: 'put',
  key: key(number),
  bytes: Buffer.from(text),
});
const remove = (number: number): StoreChange => ({ what: 'remove', key: key(number) });

/** What a store holds after changes, by number. */
function apply(store: Map<number, string>, changes: readonly StoreChange[]): Map<number, string> {
  const after = new Map(store);
  for (const change of changes) {
    const { number } = change.key;
    if (change.what === 'remove') after.delete(number);
    else {
      const before = change.what === 'append' ? (after.get(number) ?? '') : '';
      after.set(number, before + change.bytes.toString());
    }
  }
  return after;
}

/** Changes as a journal makes them: fresh numbers are put, living ones appended to or removed. */
const histories = fc.array(fc.array(fc.tuple(fc.nat(2), fc.nat(5)), { maxLength: 5 }), {
  maxLength: 6,
});

function changesOf(history: readonly (readonly [number, number])[], living: number[]) {
  let last = living[0] ?? 0;
  const changes: StoreChange[] = [];
  const touched = new Set<number>();
  for (const [what, which] of history) {
    const number = living[1 + (which % Math.max(1, living.length - 1))];
    if (what === 0 || number === undefined || touched.has(number)) {
      changes.push(put(++last, `p${last}`));
      living.push(last);
      touched.add(last);
    } else if (what === 1) {
      changes.push({ what: 'append', key: key(number), bytes: Buffer.from('a') });
      touched.add(number);
    } else {
      changes.push(remove(number));
      living.splice(living.indexOf(number, 1), 1);
    }
  }
  living[0] = last;
  return changes;
}

test('changes that could not be sent do together what they do one after the other', () => {
  void fc.assert(
    fc.property(histories, fc.boolean(), (history, shrinks) => {
      const living = [0];
      const before = apply(new Map(), changesOf([[0, 0] as const, [0, 0] as const], living));
      let expected = before;
      let merged: readonly StoreChange[] = [];
      for (const step of history) {
        const changes = changesOf(step, living);
        expected = apply(expected, changes);
        merged = mergeChanges(merged, changes);
      }
      const sent = inSafeOrder(merged, 1, shrinks ? 0 : 2);
      expect(apply(before, sent)).toEqual(expected);
      expect(new Set(sent.map(({ key: { number } }) => number)).size).toBe(sent.length);
    }),
  );
});

test('what frees memory begins by deleting, what needs more does not', () => {
  const changes = [put(7, 'x'), remove(1), remove(2)];
  expect(inSafeOrder(changes, 10, 5).map((c) => c.what)).toEqual(['remove', 'remove', 'put']);
  expect(inSafeOrder(changes, 10, 15).map((c) => c.what)).toEqual(['put', 'remove', 'remove']);
});
