/** Spans of one trace that came together: their own Avro bytes, one behind the other. */
export interface WindowPart {
  readonly schemaId: number;
  readonly bytes: Buffer;
  /** Length of each span in `bytes`. */
  readonly lengths: readonly number[];
}

/** Ids of a window that closed, so that a repeat is recognised. */
export interface ClosedIds {
  readonly closedAtS: number;
  /** Nine bytes a span: span id, then kind. */
  readonly ids: Buffer;
}

/** Bytes of one entry in {@link ClosedIds.ids}. */
export const ID_BYTES = 9;

/** What is known of one trace: its open window, if any, and what is remembered of closed ones. */
export interface TraceState {
  /** The trace id's 16 bytes as a Latin-1 text. */
  readonly key: string;
  /** When the present activity began: spans never further apart than the gap, whatever closed in between. */
  activityStartS: number;
  /** When the last span came. */
  lastS: number;
  open: boolean;
  openedAtS: number;
  root: boolean;
  spanCount: number;
  bytes: number;
  parts: WindowPart[];
  /** The trace had finished (complete, idle or evicted) within the memory. */
  finished: boolean;
  /** Oldest first. */
  closed: ClosedIds[];
  /** The wheel's bucket that holds this trace. */
  dueS: number;
  /** Parts that a mirror of the window holds already; kept for the store, no part of the rules. */
  mirroredParts: number;
  /** A mirror holds parts of a window that has closed since. */
  mirrorStale: boolean;
}

/** An entry for the topic `traces`: a fragment's or ledger entry's encoded bytes. */
export interface Entry {
  readonly seq: number;
  readonly bytes: Buffer;
}

/** Counts since the last ledger entry. */
export interface LedgerCounts {
  fromOffset: number;
  received: number;
  deadLettered: number;
  sampledOut: number;
  /** Something came or closed since the last entry. */
  dirty: boolean;
}

/** All state of one partition: a pure function of its log and the rules. `step` changes it in place. */
export interface WindowState {
  /** The log clock in whole seconds; 0 before the first record. */
  clockS: number;
  /** Sequence number of the last entry. */
  seq: number;
  /** Offset of the next record to apply. */
  applied: number;
  readonly traces: Map<string, TraceState>;
  /** Traces by the second in which they are next due; entries whose `dueS` moved on are stale. */
  readonly wheel: Map<number, TraceState[]>;
  openWindows: number;
  openSpans: number;
  openBytes: number;
  readonly ledger: LedgerCounts;
  /** Traces changed since a store last looked; null when nobody keeps a mirror. */
  dirty: Set<TraceState> | null;
}

/** The state before the first record, or the start of a rebuild at `applied`. */
export function createWindowState(start: {
  readonly clockS?: number;
  readonly seq?: number;
  readonly applied?: number;
  readonly mirrored?: boolean;
}): WindowState {
  return {
    clockS: start.clockS ?? 0,
    seq: start.seq ?? 0,
    applied: start.applied ?? 0,
    traces: new Map(),
    wheel: new Map(),
    openWindows: 0,
    openSpans: 0,
    openBytes: 0,
    ledger: {
      fromOffset: start.applied ?? 0,
      received: 0,
      deadLettered: 0,
      sampledOut: 0,
      dirty: false,
    },
    dirty: start.mirrored === true ? new Set() : null,
  };
}
