import type { SchemaRun } from './open-windows';

/**
 * How a partition's windows are kept in a store. Open windows: numbered segments, each what one checkpoint
 * changed. A segment is a table and then the spans' bytes; a table is a count of closed windows, a
 * count of changed ones, the ids of the closed, and a record for each changed one: id, five times and
 * counts, flags, and its runs (schema id, spans, bytes), whose bytes follow each other in the order of
 * the table. Closed windows: numbered blocks of records: id, four words, flags and count, then the span
 * ids, nine bytes each. All numbers are 32 bits, little-endian.
 */
export const ID_BYTES = 16;
export const TABLE_HEAD_BYTES = 8;
export const WINDOW_HEAD_BYTES = ID_BYTES + 28;
export const RUN_BYTES = 12;
export const CLOSED_HEAD_BYTES = ID_BYTES + 20;
/** A span's id, and its kind as Avro writes it. */
export const SPAN_ID_BYTES = 9;

/** The record is the whole window, not what was added to it. */
export const FLAG_WHOLE = 1;
/** One of the window's spans has no parent. */
export const FLAG_ROOT = 2;
/** The closed window ended its trace. */
export const FLAG_FINISHED = 4;

/** The assemblers' consumer group, of which {@link partitionTag} is made. */
export function assemblerGroup(topic_prefix: string): string {
  return `${topic_prefix}assembler`;
}

/** Hash tag of a partition's keys; `group` is the assemblers' consumer group. */
export function partitionTag(group: string, partition: number): string {
  return `spanloom:{${group}:${partition}}`;
}

/** Key of a partition's head: a hash of applied, seq, clock, ledger (JSON) and contents ({@link StoredContents} in JSON). */
export function headKey(tag: string): string {
  return `${tag}:head`;
}

/** Key of a segment of open windows. */
export function segmentKey(tag: string, number: number): string {
  return `${tag}:open:${number}`;
}

/** Key of a block of closed windows. */
export function closedKey(tag: string, number: number): string {
  return `${tag}:closed:${number}`;
}

/** A segment of open windows. */
export interface StoredSegment {
  readonly number: number;
  /** Bytes of its table; the spans' bytes come after. */
  readonly table_bytes: number;
  readonly bytes: number;
}

/** A block of closed windows' span ids. */
export interface StoredClosed {
  readonly number: number;
  readonly bytes: number;
  readonly firstClosedAtS: number;
  readonly lastClosedAtS: number;
}

/** What a store holds of one partition, oldest first. */
export interface StoredContents {
  readonly v: 2;
  /** Greatest numbers given so far. */
  readonly last_segment: number;
  readonly last_closed: number;
  /** Open windows and the spans in them: what the segments must add up to. */
  readonly windows: number;
  readonly spans: number;
  readonly segments: readonly StoredSegment[];
  readonly closed: readonly StoredClosed[];
}

/** An open window's record in a segment's table. */
export interface StoredWindow {
  readonly traceId: Buffer;
  readonly activityStartS: number;
  readonly lastS: number;
  readonly openedAtS: number;
  /** Spans and bytes of the window so far, duplicates included. */
  readonly spans: number;
  readonly bytes: number;
  readonly root: boolean;
  /** False: the runs are added to what earlier segments hold. */
  readonly whole: boolean;
  readonly runs: readonly SchemaRun[];
  /** Where the runs' bytes begin in the segment. */
  readonly bytesAt: number;
}

/** A segment's table. */
export interface SegmentTable {
  /** Ids of windows in earlier segments that have closed. */
  readonly closed: readonly Buffer[];
  readonly windows: readonly StoredWindow[];
}

/** A closed window's record. */
export interface StoredClosedWindow {
  readonly traceId: Buffer;
  readonly activityStartS: number;
  readonly lastS: number;
  readonly closedAtS: number;
  readonly finished: boolean;
  /** {@link SPAN_ID_BYTES} each. */
  readonly ids: Buffer;
}

/**
 * Reads a segment's table.
 * @param table the segment's first `table_bytes`
 * @throws RangeError when it is cut off or does not fill them
 */
export function readSegmentTable(table: Buffer): SegmentTable {
  const windowsAt = windowsStart(table);
  const closed: Buffer[] = [];
  for (let at = TABLE_HEAD_BYTES; at < windowsAt; at += ID_BYTES) closed.push(idAt(table, at));
  const windows: StoredWindow[] = [];
  let at = windowsAt;
  let bytesAt = table.length;
  for (let left = table.readUInt32LE(4); left > 0; left--) {
    const window = readWindow(table, at, bytesAt);
    windows.push(window);
    for (const run of window.runs) bytesAt += run.bytes;
    at += WINDOW_HEAD_BYTES + window.runs.length * RUN_BYTES;
  }
  if (at !== table.length) throw new RangeError('a segment table is not as long as it says');
  return { closed, windows };
}

/** Where the records of windows begin in a table: after the ids of closed ones, whose count must fit. */
function windowsStart(table: Buffer): number {
  const at = TABLE_HEAD_BYTES + table.readUInt32LE(0) * ID_BYTES;
  if (at > table.length) throw new RangeError('a segment table is cut off');
  return at;
}

function readWindow(table: Buffer, at: number, bytesAt: number): StoredWindow {
  const flags = table.readUInt32LE(at + 36);
  const runs: SchemaRun[] = [];
  const runsAt = at + WINDOW_HEAD_BYTES;
  const runsEnd = runsAt + table.readUInt32LE(at + 40) * RUN_BYTES;
  for (let run = runsAt; run < runsEnd; run += RUN_BYTES) {
    runs.push({
      schemaId: table.readUInt32LE(run),
      spans: table.readUInt32LE(run + 4),
      bytes: table.readUInt32LE(run + 8),
    });
  }
  return {
    traceId: idAt(table, at),
    activityStartS: table.readUInt32LE(at + 16),
    lastS: table.readUInt32LE(at + 20),
    openedAtS: table.readUInt32LE(at + 24),
    spans: table.readUInt32LE(at + 28),
    bytes: table.readUInt32LE(at + 32),
    root: (flags & FLAG_ROOT) !== 0,
    whole: (flags & FLAG_WHOLE) !== 0,
    runs,
    bytesAt,
  };
}

/** What a table says of one trace, read without reading the others' records; like {@link readSegmentTable}. */
export function findInTable(
  table: Buffer,
  traceId: Buffer,
): { readonly closed: boolean; readonly window: StoredWindow | null } {
  const windowsAt = windowsStart(table);
  if (table.indexOf(traceId) < 0) return { closed: false, window: null };
  const isAt = (at: number): boolean => traceId.equals(idAt(table, at));
  let closed = false;
  for (let at = TABLE_HEAD_BYTES; at < windowsAt; at += ID_BYTES) closed ||= isAt(at);
  let at = windowsAt;
  let bytesAt = table.length;
  for (let left = table.readUInt32LE(4); left > 0; left--) {
    if (isAt(at)) return { closed, window: readWindow(table, at, bytesAt) };
    const runsAt = at + WINDOW_HEAD_BYTES;
    const runsEnd = runsAt + table.readUInt32LE(at + 40) * RUN_BYTES;
    for (let run = runsAt; run < runsEnd; run += RUN_BYTES) bytesAt += table.readUInt32LE(run + 8);
    at = runsEnd;
  }
  return { closed, window: null };
}

/**
 * Reads the records of a block of closed windows, in the order of closing.
 * @throws RangeError when it is cut off
 */
export function* readClosed(block: Buffer): Generator<StoredClosedWindow> {
  for (let at = 0; at < block.length; ) {
    const idsAt = at + CLOSED_HEAD_BYTES;
    const end = idsAt + block.readUInt32LE(at + 32) * SPAN_ID_BYTES;
    if (end > block.length) throw new RangeError('a block of closed windows is cut off');
    yield {
      traceId: idAt(block, at),
      activityStartS: block.readUInt32LE(at + 16),
      lastS: block.readUInt32LE(at + 20),
      closedAtS: block.readUInt32LE(at + 24),
      finished: (block.readUInt32LE(at + 28) & FLAG_FINISHED) !== 0,
      ids: block.subarray(idsAt, end),
    };
    at = end;
  }
}

function idAt(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(at, at + ID_BYTES);
}
