import { WINDOW } from '../src/open-windows';
import { NONE } from '../src/record-pool';
import { SpanIds } from '../src/span-ids';
import type { WindowState } from '../src/state';
import { TRACE } from '../src/trace-table';

/** What a state knows of its traces that matters for what comes, in the order of their ids. */
export function tracesOf(state: WindowState) {
  const { traces, memory } = state;
  const found = [...traces].map((trace) => {
    const { words } = traces.pool;
    const id = Buffer.alloc(16);
    traces.writeId(trace, id, 0);
    const ids = new SpanIds();
    memory.gather(trace, ids);
    const window = words[trace + TRACE.window] as number;
    return {
      id: id.toString('hex'),
      activity: words[trace + TRACE.activityStartS] as number,
      last: words[trace + TRACE.lastS] as number,
      finished: ids.count > 0 && words[trace + TRACE.finished] === 1,
      closedAt: memory.lastClosedAtS(trace),
      remembered: Array.from(ids.hi.subarray(0, ids.count), (hi, i) => [
        hi,
        ids.lo[i],
        ids.kind[i],
      ]),
      window: window === NONE ? null : windowOf(state, window),
    };
  });
  // A trace of which nothing is known that matters is as good as one that is not there.
  const known = found.filter((trace) => trace.window !== null || trace.remembered.length > 0);
  return known.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function windowOf({ windows }: WindowState, window: number) {
  const { words } = windows.pool;
  const bytes = Buffer.alloc(words[window + WINDOW.bytes] as number);
  windows.arena.copy(words[window + WINDOW.first] as number, 0, bytes.length, bytes, 0);
  const ids = new SpanIds();
  windows.gatherIds(window, ids);
  return {
    opened: words[window + WINDOW.openedAtS] as number,
    root: words[window + WINDOW.root] as number,
    spans: words[window + WINDOW.spans] as number,
    ids: Array.from(ids.hi.subarray(0, ids.count), (hi, i) => [hi, ids.lo[i], ids.kind[i]]),
    bytes: bytes.toString('hex'),
  };
}
