import { BufferPool } from '../src/buffer-pool';

const LARGE = 300_000;

test('gives buffers of the size asked for, and uses memory again that was given back', () => {
  const pool = new BufferPool();
  const first = pool.take(LARGE);
  expect(first).toHaveLength(LARGE);
  expect(pool.take(LARGE).buffer).not.toBe(first.buffer);
  pool.give(first.buffer);
  const second = pool.take(LARGE - 1000);
  expect(second.buffer).toBe(first.buffer);
  expect(second).toHaveLength(LARGE - 1000);
});

test('memory given back twice, or never taken, is not lent to two', () => {
  const pool = new BufferPool();
  const first = pool.take(LARGE);
  pool.give(first.buffer);
  pool.give(first.buffer);
  pool.give(new ArrayBuffer(LARGE));
  expect(pool.take(LARGE).buffer).toBe(first.buffer);
  expect(pool.take(LARGE).buffer).not.toBe(first.buffer);
});

test('keeps a bounded amount, the largest', () => {
  const pool = new BufferPool();
  const all = Array.from({ length: 6 }, (_, i) => pool.take((5 + i) * 1024 * 1024));
  for (const { buffer } of all) pool.give(buffer);
  // 5 + 6 + … + 10 = 45 MiB: 5, 6 and 7 had to go.
  expect(pool.take(5 * 1024 * 1024).buffer).toBe(all[3]?.buffer);
});

test('small buffers are not kept', () => {
  const pool = new BufferPool();
  const small = pool.take(1000);
  pool.give(small.buffer);
  expect(pool.take(1000).buffer).not.toBe(small.buffer);
});
