import { isRetriable } from '@spanloom/runtime';
import fc from 'fast-check';
import { checkpointMetadata, parseCheckpoint } from '../src';
import { createByteBudget } from '../src/byte-budget';
import { FIRST_CHECKPOINT } from '../src/checkpoint';
import { SeqSpan } from '../src/presence';
import { createSeqGate } from '../src/seq-gate';

describe('createSeqGate', () => {
  it('lets every number through once and in order, whatever is repeated or comes too early', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }), (numbers) => {
        const gate = createSeqGate(0);
        const accepted = numbers.filter((n, offset) => gate.pass(n, offset) === 'accepted');
        expect(accepted).toEqual(accepted.map((_, i) => i + 1));
        expect(gate.last).toBe(accepted.length);
      }),
    );
  });

  it('begins with whatever comes first where nothing was ever read', () => {
    const gate = createSeqGate(null);
    expect([gate.pass(41, 0), gate.pass(42, 0), gate.pass(41, 1), gate.pass(44, 2)]).toEqual([
      'accepted',
      'accepted',
      'repeat',
      'gap',
    ]);
  });
});

describe('checkpoints', () => {
  it('come back from the metadata as they were', () => {
    const count = fc.option(fc.maxSafeNat(), { nil: null });
    const checkpoint = fc.record({
      offset: fc.maxSafeNat(),
      seq: count,
      intentTo: count,
      gapOffset: count,
    });
    fc.assert(
      fc.property(checkpoint, (c) => {
        expect(parseCheckpoint(c.offset, checkpointMetadata(c))).toEqual(c);
      }),
    );
    expect(checkpointMetadata(FIRST_CHECKPOINT).length).toBeLessThan(4096);
  });

  it('are refused, for good, when somebody else wrote them', () => {
    for (const metadata of ['', 'x', '{}', '{"v":2,"seq":1,"to":null,"gap":null}', '[]', 'null']) {
      let failure: unknown;
      try {
        parseCheckpoint(3, metadata);
      } catch (error) {
        failure = error;
      }
      expect(failure).toMatchObject({ code: 'state-corrupt' });
      expect(isRetriable(failure)).toBe(false);
    }
  });
});

describe('createByteBudget', () => {
  it('sums what all hold', () => {
    const budget = createByteBudget(100);
    const [a, b] = [{}, {}];
    budget.set(a, 60);
    budget.set(b, 40);
    expect(budget.isSpent).toBe(false);
    budget.set(b, 41);
    expect(budget.isSpent).toBe(true);
    budget.set(a, 0);
    expect(budget).toMatchObject({ bytes: 41, isSpent: false });
  });
});

describe('SeqSpan', () => {
  it('asks for the first and the last row', () => {
    const span = new SeqSpan();
    expect(() => span.check('t', 'At', 1)).toThrow();
    span.add(4, 100);
    expect(span.check('t', 'At', 1).params).toMatchObject({ n: 1, a: 4, b: 4 });
    span.add(5, 90);
    span.add(9, 95);
    expect(span.check('t', 'At', 1).params).toEqual({ n: 2, p: 1, a: 4, b: 9, t: 95, u: 100 });
  });
});
