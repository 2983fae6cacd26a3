import { SpanloomError } from '@spanloom/runtime';

/** How full Redis is. */
export interface RedisMemory {
  readonly used_bytes: number;
  /** Redis' own limit; 0 where it has none. */
  readonly max_bytes: number;
  /** What Redis does when it is full; only `noeviction` is safe. */
  readonly policy: string;
}

/** Reads one field of an answer to INFO; undefined where it is missing. */
export function infoField(info: string, name: string): string | undefined {
  const line = info.split('\r\n').find((candidate) => candidate.startsWith(`${name}:`));
  return line?.slice(name.length + 1);
}

/** Reads the memory section of INFO. Throws `internal` when the answer is not one. */
export function parseMemory(info: string): RedisMemory {
  const used_bytes = Number(infoField(info, 'used_memory'));
  const max_bytes = Number(infoField(info, 'maxmemory') ?? 0);
  if (!Number.isSafeInteger(used_bytes) || !Number.isSafeInteger(max_bytes)) {
    throw new SpanloomError('internal', 'INFO memory lacks used_memory or maxmemory');
  }
  const policy = infoField(info, 'maxmemory_policy') ?? 'unknown';
  return { used_bytes, max_bytes, policy };
}

/** Throws `redis-unsafe` unless this Redis refuses writes when full, instead of evicting open windows. */
export function assertNoEviction(info: string, address: string): void {
  const policy = infoField(info, 'maxmemory_policy');
  if (policy === 'noeviction') return;
  throw new SpanloomError(
    'redis-unsafe',
    `Redis at ${address} may evict keys (maxmemory-policy is ${policy ?? 'unknown'}), and open traces ` +
      'with them; set it with: CONFIG SET maxmemory-policy noeviction, and in redis.conf',
    { details: { address, policy } },
  );
}
