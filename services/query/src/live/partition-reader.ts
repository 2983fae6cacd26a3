import type { Redis } from '@spanloom/redis';
import {
  closedKey,
  HEAD_FIELDS,
  headKey,
  partitionTag,
  readHead,
  type StoredHead,
  segmentKey,
} from '@spanloom/window';
import { failed, type LiveOutcome } from './outcome';

/** Tables of one partition that are read at once: about half a million records. */
export const TABLE_BYTES_MAX = 32 * 1024 * 1024;
/** Youngest blocks of closed windows that are read at once: two full ones. */
const CLOSED_BYTES_MAX = 8 * 1024 * 1024;
/** How long before the log clock a window may have closed to count as on its way to ClickHouse, s. */
export const CLOSED_RECENT_S = 10;
/** Checkpoints move a head every second or two: each attempt takes milliseconds. */
const ATTEMPTS_MAX = 8;

/** What Redis held of one partition at one moment. */
export interface PartitionSnapshot {
  readonly head: StoredHead;
  /** Tables of all segments by their numbers, oldest first. */
  readonly tables: readonly (readonly [number: number, table: Buffer])[];
  /** Blocks that hold all windows which closed lately, as far as the bound allows. */
  readonly closed: readonly Buffer[];
  /** A part of a segment; null when the segment is there no more. */
  piece(segment: number, at: number, bytes: number): Promise<Buffer | null>;
}

/**
 * Reads what Redis holds of one partition, and makes something of it. Keys are written once and then only
 * removed (blocks: only appended to), and their numbers rise; so what a head names is one moment's state if
 * all of it is still there, and the head has not gone back meanwhile. Otherwise it is read again.
 *
 * @param make gives 'moved' when it missed a key, and throws RangeError when things do not add up, which they
 *   also do where keys of one number are from before and after a loss: then all is read again
 * @param wants `closed`: whether blocks of closed windows are read
 * @returns null when Redis holds nothing of the partition
 */
export async function readPartition<T>(
  redis: Pick<Redis, 'client'>,
  at: { readonly group: string; readonly partition: number; readonly signal: AbortSignal },
  wants: { readonly closed: boolean },
  make: (snapshot: PartitionSnapshot) => Promise<LiveOutcome<T> | 'moved'>,
): Promise<LiveOutcome<T> | null> {
  const tag = partitionTag(at.group, at.partition);
  let unreadable = false;
  for (let attempt = 0; attempt < ATTEMPTS_MAX && !at.signal.aborted; attempt++) {
    const head = await headOf(redis, tag);
    if (head === null) return null;
    if (head === 'unreadable') return failed('unreadable');
    const listed_bytes = head.contents.segments.reduce((sum, s) => sum + s.table_bytes, 0);
    if (listed_bytes > TABLE_BYTES_MAX) return failed('too-large');
    const snapshot = await snapshotOf(redis, tag, head, wants.closed);
    if (snapshot === null) continue;
    const made = await make(snapshot).catch(unreadableOf);
    unreadable = made === 'unreadable';
    if (made !== 'moved' && made !== 'unreadable') return made;
  }
  return failed(unreadable ? 'unreadable' : 'moving');
}

/** Bytes that end early; anything else is a fault of ours. */
function unreadableOf(error: unknown): 'unreadable' {
  if (error instanceof RangeError) return 'unreadable';
  throw error;
}

async function headOf({ client }: Pick<Redis, 'client'>, tag: string) {
  return readHead(await client.hmget(headKey(tag), ...HEAD_FIELDS));
}

/** Null when something that the head names is gone, or the head went back: Redis was emptied or rolled back. */
async function snapshotOf(
  redis: Pick<Redis, 'client'>,
  tag: string,
  head: StoredHead,
  withClosed: boolean,
): Promise<PartitionSnapshot | null> {
  const read = async (key: string, at: number, bytes: number): Promise<Buffer | null> => {
    if (bytes === 0) return Buffer.alloc(0);
    const found = await redis.client.getrangeBuffer(key, at, at + bytes - 1);
    return found.length === bytes ? found : null;
  };
  const { segments } = head.contents;
  const blocks = withClosed ? lately(head) : [];
  // One connection: Redis answers in this order, so the last answer is newer than all others.
  const [tables, closed, after] = await Promise.all([
    Promise.all(segments.map((s) => read(segmentKey(tag, s.number), 0, s.table_bytes))),
    Promise.all(blocks.map(({ number, bytes }) => read(closedKey(tag, number), 0, bytes))),
    headOf(redis, tag),
  ]);
  if (after === null || after === 'unreadable' || after.applied < head.applied) return null;
  const whole = [...tables, ...closed].every((value) => value !== null);
  if (!whole) return null;
  return {
    head,
    tables: segments.map(({ number }, i) => [number, tables[i] as Buffer] as const),
    closed: closed as readonly Buffer[],
    piece: (segment, at, bytes) => read(segmentKey(tag, segment), at, bytes),
  };
}

/** The youngest blocks of closed windows, as far back as matters. */
function lately({ contents, clockS }: StoredHead): StoredHead['contents']['closed'] {
  let bytes = 0;
  return [...contents.closed]
    .reverse()
    .filter((block) => block.lastClosedAtS >= clockS - CLOSED_RECENT_S)
    .filter((block) => {
      bytes += block.bytes;
      return bytes <= CLOSED_BYTES_MAX;
    });
}
