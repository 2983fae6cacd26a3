import { IdMemory } from './id-memory';
import { Journal } from './journal';
import { OpenWindows } from './open-windows';
import { TraceTable } from './trace-table';

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
  readonly traces: TraceTable;
  readonly windows: OpenWindows;
  readonly memory: IdMemory;
  /** By second, the first of the traces that are next due in it; the others are linked to it. */
  readonly wheel: Map<number, number>;
  openWindows: number;
  openSpans: number;
  openBytes: number;
  readonly ledger: LedgerCounts;
  /** What changed since a store last took it; null when there is no store. */
  readonly journal: Journal | null;
}

/** The state before the first record, or the start of a rebuild at `applied`. */
export function createWindowState(start: {
  readonly clockS?: number;
  readonly seq?: number;
  readonly applied?: number;
  /** Changes are kept for a store; see {@link Journal}. */
  readonly mirrored?: boolean;
}): WindowState {
  const traces = new TraceTable();
  return {
    clockS: start.clockS ?? 0,
    seq: start.seq ?? 0,
    applied: start.applied ?? 0,
    traces,
    windows: new OpenWindows(),
    memory: new IdMemory(traces),
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
    journal: start.mirrored === true ? new Journal() : null,
  };
}

/** The state is used no more: the memory of its windows is free for others. */
export function closeWindowState(state: WindowState): void {
  state.windows.arena.close();
}
