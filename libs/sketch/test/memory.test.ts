import { PaneTable } from '../src/pane-table';
import { DISTRIBUTIONS, seeded } from './distributions';

describe('memory of open panes', () => {
  it('is under 100 MB for 10,000 series of four panes with 25 spans each', () => {
    const table = new PaneTable();
    const random = seeded(99);
    const draw = DISTRIBUTIONS.lognormal as (random: () => number) => number;
    const ids = Buffer.alloc(24, 1);
    for (let i = 0; i < 1_000_000; i++) {
      const pane = table.find(i % 10_000, 170_000_000 + (Math.floor(i / 10_000) % 4));
      table.add(pane, draw(random), 1, ids, 0, 16);
    }
    expect(table.size).toBe(40_000);
    expect(table.buckets.size).toBeGreaterThan(800_000);
    expect(table.bytes).toBeLessThan(100e6);
    console.log(`${table.buckets.size} occupied buckets in ${(table.bytes / 1e6).toFixed(1)} MB`);
  });
});
