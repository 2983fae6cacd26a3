import { AvroWriter } from '@spanloom/avro';
import {
  CLOSED_HEAD_BYTES,
  FLAG_FINISHED,
  FLAG_ROOT,
  FLAG_WHOLE,
  ID_BYTES,
  RUN_BYTES,
  SPAN_ID_BYTES,
  type StoredClosed,
  type StoredContents,
  type StoredSegment,
  TABLE_HEAD_BYTES,
  WINDOW_HEAD_BYTES,
} from './journal-format';
import { type OpenWindows, type SchemaRun, WINDOW } from './open-windows';
import type { WindowRules } from './rules';
import type { SpanIds } from './span-ids';
import type { WindowState } from './state';
import { TRACE } from './trace-table';

/** Segments are rewritten when they hold this much more than twice what is open. */
const SLACK_BYTES = 8 * 1024 * 1024;
const SEGMENTS_MAX = 64;
/** A block of closed windows is full at this many bytes, or when it spans this part of the memory. */
const CLOSED_BLOCK_BYTES = 4 * 1024 * 1024;
const CLOSED_BLOCKS_PER_MEMORY = 8;

/** What a store has to do with a key: put bytes there, or after what is there, or remove it. */
export type StoreChange =
  | { readonly what: 'put' | 'append'; readonly key: StoredKey; readonly bytes: Buffer }
  | { readonly what: 'remove'; readonly key: StoredKey };

/** A segment of open windows, or a block of closed ones. */
export interface StoredKey {
  readonly of: 'open' | 'closed';
  readonly number: number;
}

/** Gives a buffer of so many bytes, with anything in it. */
export type Allocate = (bytes: number) => Buffer;

/** From one stored state to the next. */
export interface StoreUpdate {
  readonly contents: StoredContents;
  readonly changes: readonly StoreChange[];
}

/** A segment in the store, and how many open windows begin in it. */
interface Segment extends StoredSegment {
  windows: number;
}

/**
 * What changed since the last checkpoint, and what the store holds: a log of segments. A checkpoint
 * writes the spans that came since into one new segment. A segment goes when no open window begins in
 * it or an earlier one; windows that keep old segments alive are written anew once the segments hold
 * more than twice what is open. So each span is written about once, and the store stays bounded.
 */
export class Journal {
  /** In the store, oldest first, numbered without a gap. */
  private segments: Segment[] = [];
  private closed: StoredClosed[] = [];
  private lastSegment = 0;
  private lastClosed = 0;
  /** Windows that may have changed; their record says whether they have. */
  private changed: number[] = [];
  /** Ids of windows in segments that have closed. */
  private readonly gone = new AvroWriter();
  /** Records of all windows that closed, from when to when. */
  private readonly closing = new AvroWriter();
  private closingFromS = 0;
  private closingToS = 0;

  /** The window got a span. */
  windowChanged(windows: OpenWindows, window: number): void {
    const { words } = windows.pool;
    if (words[window + WINDOW.changed] === 1) return;
    words[window + WINDOW.changed] = 1;
    this.changed.push(window);
  }

  /** The window is about to be released. `ids` are its distinct span ids. */
  windowClosed(state: WindowState, trace: number, window: number, ids: SpanIds): void {
    if (state.windows.pool.words[window + WINDOW.segment] !== 0) {
      this.gone.ensure(ID_BYTES);
      state.traces.writeId(trace, this.gone.buffer, this.gone.length);
      this.gone.length += ID_BYTES;
      this.windowDropped(state.windows, window);
    }
    if (this.closing.length === 0) this.closingFromS = state.clockS;
    this.closingToS = state.clockS;
    writeClosed(this.closing, state, trace, ids);
  }

  /** Takes over what a store holds. Windows that were read from it are told by {@link windowRead}. */
  adopt(contents: StoredContents): void {
    this.segments = contents.segments.map((segment) => ({ ...segment, windows: 0 }));
    this.closed = [...contents.closed];
    this.lastSegment = contents.last_segment;
    this.lastClosed = contents.last_closed;
  }

  /** A window that is being read is in the store as it is now, up to this segment. */
  windowRead(windows: OpenWindows, window: number, segment: number): void {
    const begunIn = windows.pool.words[window + WINDOW.segment] as number;
    if (begunIn === 0) this.segmentOf(segment).windows++;
    this.saved(windows, window, begunIn === 0 ? segment : begunIn);
  }

  /** A window that was read turns out to have closed. */
  windowDropped(windows: OpenWindows, window: number): void {
    const begunIn = windows.pool.words[window + WINDOW.segment] as number;
    if (begunIn !== 0) this.segmentOf(begunIn).windows--;
  }

  /**
   * The changes since the last call. The store takes all of them, or the state must not be used again.
   * @param allocate gives the memory of the new segment, which holds most of the bytes
   */
  take(
    state: WindowState,
    rules: WindowRules,
    allocate: Allocate = Buffer.allocUnsafeSlow,
  ): StoreUpdate {
    const changes: StoreChange[] = [];
    this.rewriteOld(state);
    const fresh = this.takeSegment(state, allocate);
    for (let first = this.segments[0]; first?.windows === 0; first = this.segments[0]) {
      this.segments.shift();
      const key = { of: 'open', number: first.number } as const;
      if (first.number !== fresh?.number) changes.push({ what: 'remove', key });
    }
    if (fresh !== null && this.segments.length > 0) {
      changes.push({ what: 'put', key: { of: 'open', number: fresh.number }, bytes: fresh.bytes });
    }
    this.takeClosed(rules, changes);
    this.dropClosed(state, rules, changes);
    const segments = this.segments.map(({ windows: _, ...segment }) => segment);
    const contents: StoredContents = {
      v: 2,
      last_segment: this.lastSegment,
      last_closed: this.lastClosed,
      windows: state.openWindows,
      spans: state.openSpans,
      segments,
      closed: [...this.closed],
    };
    return { contents, changes };
  }

  private segmentOf(number: number): Segment {
    return this.segments[number - (this.segments[0]?.number ?? 0)] as Segment;
  }

  private saved(windows: OpenWindows, window: number, segment: number): void {
    const { words } = windows.pool;
    words[window + WINDOW.segment] = segment;
    words[window + WINDOW.savedSpans] = words[window + WINDOW.spans] as number;
    words[window + WINDOW.savedBytes] = words[window + WINDOW.bytes] as number;
    words[window + WINDOW.changed] = 0;
  }

  /** Marks windows that begin in the oldest segments to be written anew, where the segments hold too much. */
  private rewriteOld(state: WindowState): void {
    let stored = this.segments.reduce((sum, s) => sum + s.bytes, 0);
    let keepFrom = 0;
    this.segments.forEach((segment, i) => {
      const many = this.segments.length - i >= SEGMENTS_MAX;
      if (!many && stored <= 2 * state.openBytes + SLACK_BYTES) return;
      stored -= segment.bytes;
      keepFrom = segment.number + 1;
    });
    if (keepFrom === 0) return;
    const { pool } = state.windows;
    for (let window = pool.stride; window < pool.extent; window += pool.stride) {
      const number = pool.words[window + WINDOW.segment] as number;
      if (number === 0 || number >= keepFrom) continue;
      this.segmentOf(number).windows--;
      pool.words[window + WINDOW.segment] = 0;
      pool.words[window + WINDOW.savedSpans] = 0;
      pool.words[window + WINDOW.savedBytes] = 0;
      this.windowChanged(state.windows, window);
    }
  }

  /** Writes what changed in open windows into a new segment; null when nothing has. */
  private takeSegment(
    state: WindowState,
    allocate: Allocate,
  ): { number: number; bytes: Buffer } | null {
    const { windows } = state;
    const { words } = windows.pool;
    const changed = this.changed.filter((window) => {
      const is = words[window + WINDOW.changed] === 1;
      words[window + WINDOW.changed] = 0;
      return is;
    });
    this.changed = [];
    if (changed.length === 0 && this.gone.length === 0) return null;
    const number = ++this.lastSegment;
    const { bytes, table_bytes } = writeSegment(state, changed, this.gone, allocate);
    const segment = { number, table_bytes, bytes: bytes.length, windows: 0 };
    this.segments.push(segment);
    this.gone.reset();
    for (const window of changed) {
      const begunIn = words[window + WINDOW.segment] as number;
      if (begunIn === 0) segment.windows++;
      this.saved(windows, window, begunIn === 0 ? number : begunIn);
    }
    return { number, bytes };
  }

  /** Adds the windows that closed to the youngest block, or begins a new one. */
  private takeClosed(rules: WindowRules, changes: StoreChange[]): void {
    const bytes = this.closing.take();
    this.closing.reset();
    if (bytes.length === 0) return;
    const block_s = Math.ceil(rules.memory_s / CLOSED_BLOCKS_PER_MEMORY);
    const last = this.closed[this.closed.length - 1];
    const full =
      last === undefined ||
      last.bytes + bytes.length > CLOSED_BLOCK_BYTES ||
      this.closingToS > last.firstClosedAtS + block_s;
    const number = full ? ++this.lastClosed : this.lastClosed;
    changes.push({ what: full ? 'put' : 'append', key: { of: 'closed', number }, bytes });
    if (!full) this.closed.pop();
    this.closed.push({
      number,
      bytes: bytes.length + (full ? 0 : last.bytes),
      firstClosedAtS: full ? this.closingFromS : last.firstClosedAtS,
      lastClosedAtS: this.closingToS,
    });
  }

  /** Drops blocks of which nothing is remembered any more. */
  private dropClosed(state: WindowState, rules: WindowRules, changes: StoreChange[]): void {
    let later = this.closed.reduce((sum, block) => sum + block.bytes, 0);
    for (let first = this.closed[0]; first !== undefined; first = this.closed[0]) {
      later -= first.bytes;
      const crowdedOut = later >= rules.memory_ids_max * (CLOSED_HEAD_BYTES + SPAN_ID_BYTES);
      const kept_s = crowdedOut ? rules.gap_s : Math.max(rules.memory_s, rules.gap_s);
      if (first.lastClosedAtS + kept_s > state.clockS) return;
      this.closed.shift();
      changes.push({ what: 'remove', key: { of: 'closed', number: first.number } });
    }
  }
}

/** A segment with the windows' spans that are in no other; see journal-format. */
function writeSegment(
  state: WindowState,
  changed: readonly number[],
  gone: AvroWriter,
  allocate: Allocate,
): { bytes: Buffer; table_bytes: number } {
  const { windows } = state;
  const { words } = windows.pool;
  const runs = changed.map((window) =>
    windows.runs(
      window,
      words[window + WINDOW.savedSpans] as number,
      words[window + WINDOW.savedBytes] as number,
    ),
  );
  let table_bytes = TABLE_HEAD_BYTES + gone.length;
  let spanBytes = 0;
  changed.forEach((window, i) => {
    table_bytes += WINDOW_HEAD_BYTES + (runs[i] as SchemaRun[]).length * RUN_BYTES;
    spanBytes +=
      (words[window + WINDOW.bytes] as number) - (words[window + WINDOW.savedBytes] as number);
  });
  const bytes = allocate(table_bytes + spanBytes);
  bytes.writeUInt32LE(gone.length / ID_BYTES, 0);
  bytes.writeUInt32LE(changed.length, 4);
  bytes.set(gone.view(), TABLE_HEAD_BYTES);
  let at = TABLE_HEAD_BYTES + gone.length;
  let spansAt = table_bytes;
  changed.forEach((window, i) => {
    at = writeWindow(bytes, at, state, window, runs[i] as SchemaRun[]);
    const from = words[window + WINDOW.savedBytes] as number;
    const length = (words[window + WINDOW.bytes] as number) - from;
    windows.arena.copy(words[window + WINDOW.first] as number, from, length, bytes, spansAt);
    spansAt += length;
  });
  return { bytes, table_bytes };
}

function writeWindow(
  bytes: Buffer,
  start: number,
  state: WindowState,
  window: number,
  runs: readonly SchemaRun[],
): number {
  const { words } = state.windows.pool;
  const trace = words[window + WINDOW.trace] as number;
  const known = state.traces.pool.words;
  const whole = words[window + WINDOW.segment] === 0;
  const root = words[window + WINDOW.root] === 1;
  state.traces.writeId(trace, bytes, start);
  let at = start + ID_BYTES;
  at = bytes.writeUInt32LE(known[trace + TRACE.activityStartS] as number, at);
  at = bytes.writeUInt32LE(known[trace + TRACE.lastS] as number, at);
  at = bytes.writeUInt32LE(words[window + WINDOW.openedAtS] as number, at);
  at = bytes.writeUInt32LE(words[window + WINDOW.spans] as number, at);
  at = bytes.writeUInt32LE(words[window + WINDOW.bytes] as number, at);
  at = bytes.writeUInt32LE((whole ? FLAG_WHOLE : 0) | (root ? FLAG_ROOT : 0), at);
  at = bytes.writeUInt32LE(runs.length, at);
  for (const run of runs) {
    at = bytes.writeUInt32LE(run.schemaId, at);
    at = bytes.writeUInt32LE(run.spans, at);
    at = bytes.writeUInt32LE(run.bytes, at);
  }
  return at;
}

function writeClosed(into: AvroWriter, state: WindowState, trace: number, ids: SpanIds): void {
  const { words } = state.traces.pool;
  into.ensure(CLOSED_HEAD_BYTES + ids.count * SPAN_ID_BYTES);
  const { buffer } = into;
  state.traces.writeId(trace, buffer, into.length);
  let at = into.length + ID_BYTES;
  at = buffer.writeUInt32LE(words[trace + TRACE.activityStartS] as number, at);
  at = buffer.writeUInt32LE(words[trace + TRACE.lastS] as number, at);
  at = buffer.writeUInt32LE(state.clockS, at);
  at = buffer.writeUInt32LE(words[trace + TRACE.finished] === 1 ? FLAG_FINISHED : 0, at);
  at = buffer.writeUInt32LE(ids.count, at);
  for (let i = 0; i < ids.count; i++) {
    at = buffer.writeInt32BE(ids.hi[i] as number, at);
    at = buffer.writeInt32BE(ids.lo[i] as number, at);
    buffer[at++] = ids.kind[i] as number;
  }
  into.length = at;
}
