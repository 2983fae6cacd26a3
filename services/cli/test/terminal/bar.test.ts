import { bar } from '../../src/terminal/progress';

test('bar shows a share, and stays within its width', () => {
  expect(bar(0.5)).toBe(`[${'#'.repeat(15)}${'.'.repeat(15)}]  50%`);
  expect(bar(2)).toBe(`[${'#'.repeat(30)}] 100%`);
  expect(bar(-1)).toBe(`[${'.'.repeat(30)}]   0%`);
  expect(bar(0 / 0)).toContain('100%');
});
