import { FAULT_KINDS, planFaults, STEPS } from '../src/chaos/plan';

const plan = (seed: number, faults = 200) =>
  planFaults({ seed, faults, pace_ms: 1000, kinds: FAULT_KINDS });

test('a seed gives the same schedule, another seed another one', () => {
  expect(plan(7)).toEqual(plan(7));
  expect(plan(7)).not.toEqual(plan(8));
});

test('every kind comes once before any comes again, and in time every step', () => {
  const faults = plan(3, 20 * FAULT_KINDS.length);
  for (let at = 0; at < faults.length; at += FAULT_KINDS.length) {
    const kinds = faults.slice(at, at + FAULT_KINDS.length).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(FAULT_KINDS));
  }
  const steps = new Set(faults.map(({ step }) => step).filter((step) => step !== ''));
  expect(steps).toEqual(new Set(Object.values(STEPS).flat()));
  expect(faults.every((fault, i) => i === 0 || fault.at_ms > (faults[i - 1]?.at_ms ?? 0))).toBe(
    true,
  );
});
