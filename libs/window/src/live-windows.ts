import { findInTable, readClosed, readSegmentTable, type StoredWindow } from './journal-format';
import type { SchemaRun } from './open-windows';

/** Where some of an open window's spans are: `bytes` from `at` in a segment, spans joined. */
export interface StoredSpans extends SchemaRun {
  readonly segment: number;
  readonly at: number;
}

/** An open window as a reader of the store sees it. */
export interface LiveWindow extends StoredWindow {
  readonly pieces: readonly StoredSpans[];
}

/**
 * Puts the tables of all segments together.
 * @param tables by segment, oldest first
 * @returns the open windows by trace id in hex; fetch a window's spans by its pieces
 */
export function liveWindows(
  tables: Iterable<readonly [number: number, table: Buffer]>,
): Map<string, LiveWindow> {
  const live = new Map<string, LiveWindow>();
  for (const [segment, bytes] of tables) {
    const table = readSegmentTable(bytes);
    for (const id of table.closed) live.delete(id.toString('hex'));
    for (const window of table.windows) {
      const id = window.traceId.toString('hex');
      const joined = join(live.get(id), window, segment);
      if (joined !== null) live.set(id, joined);
    }
  }
  return live;
}

/** One trace's window of {@link liveWindows}; null when it has none. Other traces' records are not read. */
export function liveWindow(
  tables: Iterable<readonly [number: number, table: Buffer]>,
  traceId: Buffer,
): LiveWindow | null {
  let live: LiveWindow | null = null;
  for (const [segment, bytes] of tables) {
    const { closed, window } = findInTable(bytes, traceId);
    if (closed) live = null;
    if (window !== null) live = join(live ?? undefined, window, segment) ?? live;
  }
  return live;
}

/** The window with what a segment adds to it; null for an addition to one that has closed since. */
function join(
  before: LiveWindow | undefined,
  window: StoredWindow,
  segment: number,
): LiveWindow | null {
  const earlier = window.whole ? [] : before?.pieces;
  // Its beginning is gone already.
  if (earlier === undefined) return null;
  let at = window.bytesAt;
  const pieces = window.runs.map((run) => {
    at += run.bytes;
    return { ...run, segment, at: at - run.bytes };
  });
  return { ...window, pieces: [...earlier, ...pieces] };
}

/** Whether the pieces hold as many spans and bytes as the window says that it has. */
export function addsUp({ pieces, spans, bytes }: LiveWindow): boolean {
  const total = (of: 'spans' | 'bytes') => pieces.reduce((sum, piece) => sum + piece[of], 0);
  return total('spans') === spans && total('bytes') === bytes;
}

/** Looking for more ids than this, reading all records once is quicker. */
const FEW = 8;

/** The windows of some traces; see {@link liveWindow}. @param traceIds 32 lower-case hex characters each */
export function liveWindowsOf(
  tables: readonly (readonly [number: number, table: Buffer])[],
  traceIds: readonly string[],
): ReadonlyMap<string, LiveWindow> {
  if (traceIds.length > FEW) return liveWindows(tables);
  const found = new Map<string, LiveWindow>();
  for (const id of traceIds) {
    const window = liveWindow(tables, Buffer.from(id, 'hex'));
    if (window !== null) found.set(id, window);
  }
  return found;
}

/**
 * Ids of the spans with which windows of some traces closed.
 * @param blocks of closed windows
 * @param traceIds 32 lower-case hex characters each
 * @param sinceS windows that closed earlier, by the log clock in s, are left out
 * @returns by trace, {@link SPAN_ID_BYTES} each, as stored: the id, and the kind as Avro writes it
 * @throws RangeError when a block is cut off
 */
export function closedSpans(
  blocks: Iterable<Buffer>,
  traceIds: readonly string[],
  sinceS: number,
): ReadonlyMap<string, readonly Buffer[]> {
  const found = new Map<string, Buffer[]>(traceIds.map((id) => [id, []]));
  const raw = traceIds.map((id) => Buffer.from(id, 'hex'));
  for (const block of blocks) {
    if (raw.length <= FEW && raw.every((id) => block.indexOf(id) < 0)) continue;
    for (const { closedAtS, traceId, ids } of readClosed(block)) {
      if (closedAtS >= sinceS) found.get(traceId.toString('hex'))?.push(ids);
    }
  }
  return found;
}
