import type { Redis, ScriptValue } from '@spanloom/redis';
import { BufferPool, SpanloomError } from '@spanloom/runtime';
import {
  closedKey,
  createWindowState,
  finishLoading,
  headKey,
  type LedgerCounts,
  loadClosed,
  loadSegment,
  partitionTag,
  type StoreChange,
  type StoredContents,
  type StoredKey,
  segmentKey,
  type WindowRules,
  type WindowState,
} from '@spanloom/window';
import { CHECKPOINT_LUA } from './checkpoint-script';
import { readStoredValue } from './stored-value';
import { bytesOf, inSafeOrder, mergeChanges } from './unsent-changes';

const SCAN_COUNT = 1000;

/** What Redis is believed to hold: null where there is no state. */
interface Head {
  readonly applied: string;
  readonly seq: string;
  readonly clock: string;
}
/** Everything that the head holds. */
interface WholeHead {
  readonly applied: number;
  readonly seq: number;
  readonly clockS: number;
  readonly ledger: LedgerCounts;
  readonly contents: StoredContents;
}
const NO_HEAD: Head = { applied: '', seq: '', clock: '' };

/** The windows of one partition in Redis. All keys share one hash tag, so they live in one slot. */
export interface WindowStore {
  /** Reads the whole state; null when there is none. Throws 'state-corrupt' when it does not add up. */
  load(rules: WindowRules): Promise<WindowState | null>;
  /**
   * Writes what changed since the last load or save. Throws 'state-stale' when somebody else moved
   * the state since: then nothing was written. What Redis could not take ('engine-unavailable') goes with
   * the next call; after any other error the state is not to be used again.
   */
  save(state: WindowState, rules: WindowRules): Promise<void>;
  /** `applied` of what Redis is believed to hold; null when it holds nothing. */
  readonly savedApplied: number | null;
  /** Removes everything, so that the state is rebuilt from the log. */
  discard(): Promise<void>;
}

const isCount = (value: number | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}

function headOf(state: WindowState): Head {
  return {
    applied: String(state.applied),
    seq: String(state.seq),
    clock: String(state.clockS),
  };
}

/**
 * Opens the store of one partition.
 * @param group the assemblers' consumer group
 * @param segments memory of segments, shared by all partitions of the process
 */
export function createWindowStore(
  redis: Redis,
  group: string,
  partition: number,
  segments: BufferPool = new BufferPool(),
): WindowStore {
  const tag = partitionTag(group, partition);
  const checkpoint = redis.defineScript('checkpoint', CHECKPOINT_LUA, 'any');
  let believed: Head = NO_HEAD;
  /** Changes that Redis has not acknowledged; the state has forgotten them. */
  let unsent: readonly StoreChange[] = [];
  let stored_bytes = 0;

  const nameOf = ({ of, number }: StoredKey): string =>
    of === 'open' ? segmentKey(tag, number) : closedKey(tag, number);

  /** Redis has the bytes: their memory is free. */
  function release(change: StoreChange): void {
    if (change.what !== 'remove') segments.give(change.bytes.buffer);
  }

  async function readHead(): Promise<Head> {
    const found = await redis.client.hmget(headKey(tag), 'applied', 'seq', 'clock');
    return { applied: found[0] ?? '', seq: found[1] ?? '', clock: found[2] ?? '' };
  }

  /** Null where there is none. Throws 'state-corrupt' for one that no checkpoint of ours can have left. */
  async function readWholeHead(): Promise<WholeHead | null> {
    const fields = await redis.client.hgetall(headKey(tag)).catch((error: unknown) => {
      throw isWrongType(error) ? corrupt(error) : error;
    });
    if (Object.keys(fields).length === 0) return null;
    const [applied, seq, clockS] = [fields.applied, fields.seq, fields.clock].map(Number);
    if (!isCount(applied) || !isCount(seq) || !isCount(clockS)) throw corrupt(fields);
    try {
      const ledger = JSON.parse(fields.ledger ?? '') as LedgerCounts;
      const contents = JSON.parse(fields.contents ?? '') as StoredContents;
      return { applied, seq, clockS, ledger, contents };
    } catch (error) {
      throw corrupt(error);
    }
  }

  /** Has `use` read a value; false when it is not there, or is not of that many bytes. */
  async function withValue(
    key: StoredKey,
    bytes: number,
    use: (value: Buffer) => boolean,
  ): Promise<boolean> {
    const read = readStoredValue(redis, nameOf(key), bytes, segments);
    const value = await read.catch((error: unknown) => {
      throw isWrongType(error) ? corrupt(error) : error;
    });
    if (value === null) return false;
    const isUsable = use(value);
    segments.give(value.buffer);
    return isUsable;
  }

  function corrupt(cause: unknown): SpanloomError {
    return new SpanloomError('state-corrupt', 'the windows in Redis are not what their head says', {
      cause,
      details: { partition },
    });
  }

  /** False when something is missing or does not add up. */
  async function read(
    state: WindowState,
    contents: StoredContents,
    rules: WindowRules,
  ): Promise<boolean> {
    if (contents.v !== 2) return false;
    state.journal?.adopt(contents);
    for (const { number, bytes, table_bytes } of contents.segments) {
      const load = (segment: Buffer): boolean => loadSegment(state, number, segment, table_bytes);
      if (!(await withValue({ of: 'open', number }, bytes, load))) return false;
    }
    for (const { number, bytes } of contents.closed) {
      const load = (block: Buffer): boolean => loadClosed(state, block, rules);
      if (!(await withValue({ of: 'closed', number }, bytes, load))) return false;
    }
    return finishLoading(state, contents, rules);
  }

  return {
    get savedApplied() {
      return believed === NO_HEAD ? null : Number(believed.applied);
    },
    async load(rules) {
      believed = NO_HEAD;
      unsent = [];
      const head = await readWholeHead();
      if (head === null) return null;
      const state = createWindowState({
        clockS: head.clockS,
        seq: head.seq,
        applied: head.applied,
        mirrored: true,
      });
      Object.assign(state.ledger, head.ledger);
      const { contents } = head;
      const whole = await read(state, contents, rules);
      const found = await readHead();
      const expected = headOf(state);
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        throw new SpanloomError('state-stale', 'the windows changed while they were read', {
          details: { partition },
        });
      }
      if (!whole) {
        throw corrupt(contents);
      }
      believed = expected;
      stored_bytes = bytesOf(contents);
      return state;
    },
    async save(state, rules) {
      if (state.journal === null) throw new SpanloomError('internal', 'the state has no journal');
      const next = headOf(state);
      const isClean = unsent.length === 0;
      const { contents, changes } = state.journal.take(state, rules, (n) => segments.take(n));
      unsent = mergeChanges(unsent, changes);
      const sending = inSafeOrder(unsent, stored_bytes, bytesOf(contents));
      const answer = await checkpoint(
        [headKey(tag), ...sending.map((change) => nameOf(change.key))],
        [
          believed.applied,
          believed.seq,
          believed.clock,
          next.applied,
          next.seq,
          next.clock,
          JSON.stringify(state.ledger),
          JSON.stringify(contents),
          ...sending.flatMap(argumentsOf),
        ],
      );
      // What had been applied although its answer was lost is refused too: it is read anew then.
      if (answer !== 1) {
        const found = (answer as Buffer[]).map(String);
        throw new SpanloomError(
          'state-stale',
          'somebody else moved the windows of this partition',
          {
            details: { partition, believed, found },
          },
        );
      }
      believed = next;
      unsent = [];
      stored_bytes = bytesOf(contents);
      // After a failure bytes of the attempt before may still be on their way to Redis: the collector sees to them.
      if (isClean) for (const change of sending) release(change);
    },
    async discard() {
      await redis.client.del(headKey(tag));
      const pattern = `${tag.replace(/[\\*?[\]]/g, '\\$&')}:*`;
      for (let cursor = '0', done = false; !done; done = cursor === '0') {
        const [next, keys] = await redis.client.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
        cursor = next;
        if (keys.length > 0) await redis.client.del(...keys);
      }
      believed = NO_HEAD;
    },
  };
}

/** A change as the checkpoint script takes it. */
function argumentsOf(change: StoreChange): readonly ScriptValue[] {
  switch (change.what) {
    case 'put':
      return ['P', change.bytes];
    case 'append':
      return ['A', change.bytes];
    case 'remove':
      return ['R', ''];
  }
}
