import { Sketch } from '@spanloom/sketch';
import fc from 'fast-check';
import { type Delay, DelayBook, PANES_MAX, SERVICES_MAX } from '../src';

const delay = (change: Partial<Delay>): Delay => ({
  figure: 'transfer',
  leg: 'gateway',
  service: 'a',
  at_ms: 1_700_000_003_000,
  delay_ms: 5,
  ms_max: 1_000,
  count: 1,
  ...change,
});

describe('delays', () => {
  it('are clamped to what can be, and counted as such', () => {
    const book = new DelayBook();
    book.add(delay({ delay_ms: -7, count: 3 }));
    book.add(delay({ delay_ms: 5_000, count: 2 }));
    book.add(delay({ delay_ms: 4, count: 5 }));
    const [pane, ...more] = book.take();
    expect(more).toEqual([]);
    expect(pane).toMatchObject({ count: 10, clamped: 5, min: 0, max: 1e9, start_s: 1_700_000_000 });
    expect(pane?.sum).toBe(2 * 1e9 + 5 * 4e6);
  });

  it('that are no number, or of nothing, change nothing but the count of lost ones', () => {
    const book = new DelayBook();
    book.add(delay({ delay_ms: Number.NaN, count: 2 }));
    book.add(delay({ count: 0 }));
    expect(book.lost).toBe(2);
  });

  it('gathered in parts and merged are those gathered in one', () => {
    const one = fc.record({
      service: fc.constantFrom('a', 'b', 'c'),
      leg: fc.constantFrom('producer', 'gateway'),
      at_ms: fc.integer({ min: 0, max: 60_000 }),
      delay_ms: fc.double({ min: -10, max: 2_000, noNaN: true }),
      count: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), fc.nat(60), (all, cut) => {
        const whole = new DelayBook();
        for (const each of all) whole.add(delay(each));
        const merged = new DelayBook();
        for (const part of [all.slice(0, cut), all.slice(cut)]) {
          const book = new DelayBook();
          for (const each of part) book.add(delay(each));
          for (const pane of book.take()) merged.merge(pane);
        }
        const rounded = (book: DelayBook) =>
          book.take().map((pane) => ({ ...pane, sum: Math.round(pane.sum / 1e3) }));
        expect(rounded(merged)).toEqual(rounded(whole));
      }),
    );
  });

  it('have percentiles within 1 % of the exact ones', () => {
    const values = fc.array(fc.integer({ min: 1, max: 3_600_000 }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(values, (all) => {
        const book = new DelayBook();
        for (const delay_ms of all) book.add(delay({ delay_ms, ms_max: 3_600_000 }));
        const sketch = new Sketch();
        for (const pane of book.take()) sketch.merge(pane);
        const sorted = [...all].sort((a, b) => a - b);
        for (const q of [0.5, 0.9, 0.99]) {
          const exact = sorted[Math.max(0, Math.ceil(q * all.length - 1e-9) - 1)] as number;
          expect(Math.abs(sketch.quantile(q) / 1e6 / exact - 1)).toBeLessThanOrEqual(0.01);
        }
      }),
    );
  });

  it('of too many services are those of "other", and too many panes are counted as lost', () => {
    const book = new DelayBook();
    for (let i = 0; i < SERVICES_MAX + 5; i++) book.add(delay({ service: `s${i}` }));
    book.add(delay({ service: 's0' }));
    expect(book.size).toBe(SERVICES_MAX + 1);
    for (let i = 0; book.size < PANES_MAX; i++) book.add(delay({ at_ms: i * 10_000 }));
    book.add(delay({ at_ms: 1e12, count: 9 }));
    expect(book.lost).toBe(9);
    const other = book.take().find(({ service }) => service === 'other');
    expect(other?.count).toBe(5);
  });

  it('of a service with an endless name are those of "other"', () => {
    const book = new DelayBook();
    book.add(delay({ service: 'x'.repeat(300) }));
    expect(book.take()[0]?.service).toBe('other');
  });
});
