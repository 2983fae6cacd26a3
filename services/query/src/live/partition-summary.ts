import { liveWindows } from '@spanloom/window';
import type { PartitionSnapshot } from './partition-reader';

/** Which open traces come first. */
export const WINDOW_ORDERS = ['oldest', 'largest'] as const;
export type WindowOrder = (typeof WINDOW_ORDERS)[number];

/** One open trace. */
export interface OpenTrace {
  readonly partition: number;
  readonly traceId: string;
  /** By the log clock, s since 1970. */
  readonly openedAtS: number;
  readonly lastS: number;
  readonly clockS: number;
  /** Second copies included, which are dropped when the window closes. */
  readonly spans: number;
  readonly bytes: number;
  readonly root: boolean;
}

/** The open windows of one partition. */
export interface PartitionSummary {
  readonly partition: number;
  /** Offset on the topic spans up to which the windows hold everything. */
  readonly applied: number;
  readonly clockS: number;
  readonly windows: number;
  readonly spans: number;
  readonly bytes: number;
  /** Bytes of segments in Redis: of open windows, and of closed ones that they hold back. */
  readonly stored_bytes: number;
  /** When the oldest was opened; null when none is open. */
  readonly oldestS: number | null;
  /** The first ones in the order asked for. */
  readonly first: readonly OpenTrace[];
}

/** Compares by the order asked for, then by trace id. */
export function inOrder(order: WindowOrder): (a: OpenTrace, b: OpenTrace) => number {
  const rank = (trace: OpenTrace): number =>
    order === 'oldest' ? trace.openedAtS - trace.clockS : -trace.bytes;
  return (a, b) => rank(a) - rank(b) || (a.traceId < b.traceId ? -1 : 1);
}

/** Adds up a partition's open windows. @throws RangeError when they are not as many as its head says */
export function summarize(
  { head, tables }: PartitionSnapshot,
  wants: { readonly partition: number; readonly order: WindowOrder; readonly limit: number },
): PartitionSummary {
  const { partition } = wants;
  const { clockS, applied, contents } = head;
  const open: OpenTrace[] = [];
  for (const [traceId, { openedAtS, lastS, spans, bytes, root }] of liveWindows(tables)) {
    open.push({ partition, traceId, openedAtS, lastS, clockS, spans, bytes, root });
  }
  const spans = open.reduce((sum, window) => sum + window.spans, 0);
  if (open.length !== contents.windows || spans !== contents.spans) {
    throw new RangeError('the open windows are not what their head says');
  }
  return {
    partition,
    applied,
    clockS,
    windows: open.length,
    spans,
    bytes: open.reduce((sum, window) => sum + window.bytes, 0),
    stored_bytes: contents.segments.reduce((sum, { bytes }) => sum + bytes, 0),
    oldestS: open.reduce<number | null>(
      (oldest, { openedAtS }) => (oldest === null ? openedAtS : Math.min(oldest, openedAtS)),
      null,
    ),
    first: open.sort(inOrder(wants.order)).slice(0, wants.limit),
  };
}
