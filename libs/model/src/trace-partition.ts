/**
 * Kafka's murmur2 (Austin Appleby's MurmurHash2, 32 bits, seed 0x9747b28c, in the Java client's
 * `org.apache.kafka.common.utils.Utils.murmur2`). Takes the key's bytes, gives a signed 32-bit hash.
 */
export function murmur2(key: Buffer): number {
  const m = 0x5bd1e995;
  const length = key.length;
  let h = 0x9747b28c ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let k = key.readInt32LE(at);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = length - at;
  if (rest === 3) h ^= (key[at + 2] as number) << 16;
  if (rest >= 2) h ^= (key[at + 1] as number) << 8;
  if (rest >= 1) h = Math.imul(h ^ (key[at] as number), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  h ^= h >>> 15;
  return h | 0;
}

/** Partition of a key by the default rule of Kafka's clients: murmur2 without its sign bit, modulo the partitions. */
export function keyPartition(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** Partition of a trace. Takes the trace id as 32 lower-case hex characters (ASCII bytes or string). */
export function tracePartition(traceIdHex: Buffer | string, partitions: number): number {
  const key = typeof traceIdHex === 'string' ? Buffer.from(traceIdHex, 'latin1') : traceIdHex;
  return keyPartition(key, partitions);
}
