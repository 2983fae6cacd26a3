import { decodeRawSpans } from '@spanloom/avro';
import type { Span } from '@spanloom/model';
import {
  addsUp,
  closedSpans,
  type LiveWindow,
  liveWindowsOf,
  SPAN_ID_BYTES,
  type StoredSpans,
} from '@spanloom/window';
import { failed, type LiveOutcome } from './outcome';
import { CLOSED_RECENT_S, type PartitionSnapshot } from './partition-reader';

/** Bytes of spans that are read for one answer. */
const SPAN_BYTES_MAX = 64 * 1024 * 1024;

/** What the open windows say of one trace. */
export interface LiveTrace {
  /** The spans of its open window in the order in which they came, second copies included; empty when it has none. */
  readonly open: readonly Span[];
  /** Which spans closed lately, by {@link spanKey}: they are in ClickHouse, or on their way there. */
  readonly closedLately: ReadonlySet<string>;
}

/** What makes two spans of a trace the same: id and kind. */
export function spanKey(span: Pick<Span, 'spanId' | 'kind'>): string {
  return `${span.spanId}${span.kind}`;
}

/**
 * Finds traces in what Redis holds of their partition.
 * @param ids 32 lower-case hex characters each
 * @returns those that have something, by id; 'moved' when something was gone
 * @throws RangeError when what is there does not add up
 */
export async function findTraces(
  snapshot: PartitionSnapshot,
  ids: readonly string[],
): Promise<LiveOutcome<ReadonlyMap<string, LiveTrace>> | 'moved'> {
  const found = new Map<string, LiveTrace>();
  const windows = liveWindowsOf(snapshot.tables, ids);
  const sinceS = snapshot.head.clockS - CLOSED_RECENT_S;
  const closed = closedSpans(snapshot.closed, ids, sinceS);
  let bytes = 0;
  for (const id of ids) {
    const closedLately = keysOf(closed.get(id) ?? []);
    const window = windows.get(id);
    bytes += window?.bytes ?? 0;
    if (bytes > SPAN_BYTES_MAX) return failed('too-large');
    const open = window === undefined ? [] : await spansOf(snapshot, window, id);
    if (open === null) return 'moved';
    if (open.length > 0 || closedLately.size > 0) found.set(id, { open, closedLately });
  }
  return { ok: true, value: found };
}

function keysOf(closed: readonly Buffer[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const ids of closed) {
    for (let at = 0; at < ids.length; at += SPAN_ID_BYTES) {
      // Avro writes small numbers doubled.
      const kind = (ids[at + SPAN_ID_BYTES - 1] as number) >>> 1;
      keys.add(`${ids.toString('hex', at, at + SPAN_ID_BYTES - 1)}${kind}`);
    }
  }
  return keys;
}

/** Null when they are gone. @throws RangeError when they are not the trace's, or not what the window says */
async function spansOf(
  snapshot: PartitionSnapshot,
  window: LiveWindow,
  id: string,
): Promise<readonly Span[] | null> {
  if (!addsUp(window)) throw new RangeError('a window does not add up');
  const read = async ({ segment, at, bytes, spans }: StoredSpans): Promise<Span[] | null> => {
    const raw = await snapshot.piece(segment, at, bytes);
    if (raw === null) return null;
    const decoded = decodeRawSpans(raw, spans);
    if (decoded?.every(({ traceId }) => traceId === id)) return decoded;
    throw new RangeError('the spans of a window cannot be read');
  };
  const pieces = await Promise.all(window.pieces.map(read));
  const whole = pieces.every((piece) => piece !== null);
  return whole ? pieces.flat() : null;
}
