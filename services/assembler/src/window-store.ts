import type { Redis, ScriptValue } from '@spanloom/redis';
import { SpanloomError } from '@spanloom/runtime';
import {
  createWindowState,
  type LedgerCounts,
  packParts,
  packTrace,
  restoreTrace,
  type TraceState,
  unpackParts,
  unpackTrace,
  type WindowRules,
  type WindowState,
} from '@spanloom/window';
import { CHECKPOINT_LUA } from './checkpoint-script';

const READ_COUNT = 1000;

/** What Redis is believed to hold: null where there is no state. */
interface Head {
  readonly applied: string;
  readonly seq: string;
  readonly clock: string;
}
const NO_HEAD: Head = { applied: '', seq: '', clock: '' };

/** The windows of one partition in Redis. All keys share one hash tag, so they live in one slot. */
export interface WindowStore {
  /** Reads the whole state; null when there is none. Throws 'state-corrupt' when it does not add up. */
  load(rules: WindowRules): Promise<WindowState | null>;
  /**
   * Writes what changed since the last load or save. Throws 'state-stale' when somebody else moved
   * the state since: then nothing was written.
   */
  save(state: WindowState): Promise<void>;
  /** Bytes of spans that {@link save} would write now. */
  readonly savedApplied: number | null;
  /** Removes everything, so that the state is rebuilt from the log. */
  discard(): Promise<void>;
}

function headOf(state: WindowState): Head {
  return {
    applied: String(state.applied),
    seq: String(state.seq),
    clock: String(state.clockS),
  };
}

/** Hash tag of a partition's keys. */
export function partitionTag(group: string, partition: number): string {
  return `spanloom:{${group}:${partition}}`;
}

/** Key of a trace's open window. */
export function windowKey(tag: string, traceId: Buffer): string {
  return `${tag}:w:${traceId.toString('hex')}`;
}

/** Opens the store of one partition. `group` is the assemblers' consumer group. */
export function createWindowStore(redis: Redis, group: string, partition: number): WindowStore {
  const tag = partitionTag(group, partition);
  const headKey = `${tag}:head`;
  const tracesKey = `${tag}:traces`;
  const checkpoint = redis.defineScript('checkpoint', CHECKPOINT_LUA, 'any');
  let believed: Head = NO_HEAD;

  return {
    get savedApplied() {
      return believed === NO_HEAD ? null : Number(believed.applied);
    },
    async load(rules) {
      believed = NO_HEAD;
      const head = await redis.client.hgetall(headKey);
      if (head.applied === undefined) return null;
      const state = createWindowState({
        clockS: Number(head.clock),
        seq: Number(head.seq),
        applied: Number(head.applied),
        mirrored: true,
      });
      Object.assign(state.ledger, JSON.parse(head.ledger as string) as LedgerCounts);
      await readTraces(redis, tag, tracesKey, state, rules);
      const again = await redis.client.hmget(headKey, 'applied', 'seq', 'clock');
      believed = headOf(state);
      if (
        again[0] !== believed.applied ||
        again[1] !== believed.seq ||
        again[2] !== believed.clock
      ) {
        throw new SpanloomError('state-stale', 'the windows changed while they were read', {
          details: { partition },
        });
      }
      return state;
    },
    async save(state) {
      const next = headOf(state);
      const { keys, args } = changes(tag, state);
      const answer = await checkpoint(
        [headKey, tracesKey, ...keys],
        [
          believed.applied,
          believed.seq,
          believed.clock,
          next.applied,
          next.seq,
          next.clock,
          JSON.stringify(state.ledger),
          ...args,
        ],
      );
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
      markMirrored(state);
    },
    async discard() {
      const traces = await redis.client.hkeysBuffer(tracesKey);
      for (let at = 0; at < traces.length; at += READ_COUNT) {
        const keys = traces.slice(at, at + READ_COUNT).map((id) => windowKey(tag, id));
        await redis.client.del(...keys);
      }
      await redis.client.del(headKey, tracesKey);
      believed = NO_HEAD;
    },
  };
}

/** What to write for the traces that changed, as the checkpoint script takes it. */
function changes(tag: string, state: WindowState): { keys: string[]; args: ScriptValue[] } {
  const set: ScriptValue[] = [];
  const forgotten: ScriptValue[] = [];
  const keys: string[] = [];
  const windows: ScriptValue[] = [];
  for (const trace of state.dirty ?? []) {
    const id = Buffer.from(trace.key, 'latin1');
    if (state.traces.get(trace.key) === trace) set.push(id, packTrace(trace));
    else if (!state.traces.has(trace.key)) forgotten.push(id);
    const fresh = trace.open ? trace.parts.slice(trace.mirroredParts) : [];
    if (fresh.length === 0 && !trace.mirrorStale) continue;
    keys.push(windowKey(tag, id));
    if (fresh.length === 0) windows.push('D', '');
    else windows.push(trace.mirrorStale ? 'R' : 'A', packParts(fresh));
  }
  return { keys, args: [set.length / 2, ...set, forgotten.length, ...forgotten, ...windows] };
}

function markMirrored(state: WindowState): void {
  for (const trace of state.dirty ?? []) {
    trace.mirroredParts = trace.parts.length;
    trace.mirrorStale = false;
  }
  state.dirty?.clear();
}

async function readTraces(
  redis: Redis,
  tag: string,
  tracesKey: string,
  state: WindowState,
  rules: WindowRules,
): Promise<void> {
  let cursor = '0';
  const seen = new Set<string>();
  do {
    const [next, fields] = await redis.client.hscanBuffer(tracesKey, cursor, 'COUNT', READ_COUNT);
    cursor = String(next);
    const traces: TraceState[] = [];
    for (let i = 0; i < fields.length; i += 2) {
      const key = (fields[i] as Buffer).toString('latin1');
      if (seen.has(key)) continue;
      seen.add(key);
      traces.push(unpackTrace(key, fields[i + 1] as Buffer));
    }
    await readWindows(redis, tag, traces);
    for (const trace of traces) restoreTrace(state, trace, rules);
  } while (cursor !== '0');
}

async function readWindows(
  redis: Redis,
  tag: string,
  traces: readonly TraceState[],
): Promise<void> {
  const open = traces.filter((trace) => trace.open);
  if (open.length === 0) return;
  const keys = open.map((trace) => windowKey(tag, Buffer.from(trace.key, 'latin1')));
  const windows = await redis.client.mgetBuffer(keys);
  open.forEach((trace, i) => {
    const parts = unpackParts(windows[i] ?? Buffer.alloc(0));
    const spans = parts?.reduce((sum, part) => sum + part.lengths.length, 0);
    if (parts === null || spans !== trace.spanCount) {
      throw new SpanloomError(
        'state-corrupt',
        'a window in Redis does not hold what its head says',
        {
          details: { window: keys[i] },
        },
      );
    }
    trace.parts = parts;
  });
}
