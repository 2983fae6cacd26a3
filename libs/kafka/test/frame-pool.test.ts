import { FrameLease, FramePool } from '../src/frame-pool';

const LARGE = 300_000;

test('gives buffers of the size asked for, and uses memory again that was given back', () => {
  const pool = new FramePool();
  const first = pool.take(LARGE);
  expect(first).toHaveLength(LARGE);
  expect(pool.take(LARGE).buffer).not.toBe(first.buffer);
  pool.give(first.buffer);
  const second = pool.take(LARGE - 1000);
  expect(second.buffer).toBe(first.buffer);
  expect(second).toHaveLength(LARGE - 1000);
});

test('memory given back twice, or never taken, is not lent to two', () => {
  const pool = new FramePool();
  const first = pool.take(LARGE);
  pool.give(first.buffer);
  pool.give(first.buffer);
  pool.give(new ArrayBuffer(LARGE));
  expect(pool.take(LARGE).buffer).toBe(first.buffer);
  expect(pool.take(LARGE).buffer).not.toBe(first.buffer);
});

test('keeps a bounded amount, the largest', () => {
  const pool = new FramePool();
  const all = Array.from({ length: 6 }, (_, i) => pool.take((5 + i) * 1024 * 1024));
  for (const { buffer } of all) pool.give(buffer);
  // 5 + 6 + … + 10 = 45 MiB: 5, 6 and 7 had to go.
  expect(pool.take(5 * 1024 * 1024).buffer).toBe(all[3]?.buffer);
});

test('small answers are not kept', () => {
  const pool = new FramePool();
  const small = pool.take(1000);
  pool.give(small.buffer);
  expect(pool.take(1000).buffer).not.toBe(small.buffer);
});

test('a lease gives the memory back after its last reader, however often each says so', () => {
  const pool = new FramePool();
  const { buffer } = pool.take(LARGE);
  const lease = new FrameLease(buffer, pool);
  const [one, two] = [lease.hold(), lease.hold()];
  lease.release();
  one();
  one();
  expect(pool.take(LARGE).buffer).not.toBe(buffer);
  two();
  expect(pool.take(LARGE).buffer).toBe(buffer);
});
