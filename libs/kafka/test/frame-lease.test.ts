import { BufferPool } from '@spanloom/runtime';
import { FrameLease } from '../src/frame-lease';

const LARGE = 300_000;

test('a lease gives the memory back after its last reader, however often each says so', () => {
  const pool = new BufferPool();
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
