import fc from 'fast-check';
import { createTurns } from '../src/turns';

/** Stands for a partition: remembers whether it is paused. */
function turner() {
  const self = {
    paused: false,
    pause() {
      self.paused = true;
    },
    resume() {
      self.paused = false;
    },
  };
  return self;
}

test('two have a turn, the others wait and get theirs in the order in which they asked', () => {
  const turns = createTurns(2);
  const all = [turner(), turner(), turner(), turner()] as const;
  for (const one of all) turns.ask(one);
  expect(all.map(({ paused }) => paused)).toEqual([false, false, true, true]);
  turns.end(all[1]);
  expect(all.map(({ paused }) => paused)).toEqual([false, false, false, true]);
  turns.ask(all[1]);
  expect(all.map(({ paused }) => paused)).toEqual([false, true, false, true]);
  turns.end(all[0]);
  expect(all.map(({ paused }) => paused)).toEqual([false, true, false, false]);
  turns.end(all[2]);
  expect(all.map(({ paused }) => paused)).toEqual([false, false, false, false]);
});

test('nobody who is let go stays paused, and whoever waits gets a turn in the end', () => {
  const step = fc.record({ who: fc.nat(5), asks: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 3 }), (steps, turns_max) => {
      const turns = createTurns(turns_max);
      const all = Array.from({ length: 6 }, turner);
      const asked = new Set<(typeof all)[number]>();
      for (const { who, asks } of steps) {
        const one = all[who] as (typeof all)[number];
        if (asks) turns.ask(one);
        else turns.end(one);
        if (asks) asked.add(one);
        else asked.delete(one);
        const paused = all.filter((each) => each.paused);
        expect(paused.every((each) => asked.has(each) && turns.isWaiting(each))).toBe(true);
        expect(paused.length).toBe(Math.max(0, asked.size - turns_max));
      }
      for (const one of all) turns.end(one);
      expect(all.some(({ paused }) => paused)).toBe(false);
    }),
  );
});
