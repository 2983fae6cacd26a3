import type { Redis } from '@spanloom/redis';
import type { BufferPool } from '@spanloom/runtime';

/**
 * So much is read at a time. The client joins what it reads in memory of its own, which it keeps: three times as much as
 * the largest answer, and what came shortly before. After a segment of 57 MB that was 137 MB, and 51 by the piece.
 */
const PIECE_BYTES = 1024 * 1024;

/**
 * A value in Redis, piece by piece, in memory of `pool`. It may change while it is read: whoever reads it has to find out.
 * @returns null when it has not `bytes` bytes
 */
export async function readStoredValue(
  redis: Redis,
  key: string,
  bytes: number,
  pool: BufferPool,
): Promise<Buffer | null> {
  if ((await redis.client.strlen(key)) !== bytes) return null;
  const value = pool.take(bytes);
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    const end = Math.min(at + PIECE_BYTES, bytes);
    const piece = await redis.client.getrangeBuffer(key, at, end - 1);
    if (piece.length !== end - at) return null;
    piece.copy(value, at);
  }
  return value;
}
