import type { PartitionOffsets } from '@spanloom/kafka';
import { SpanloomError } from '@spanloom/runtime';
import type { PartitionLog } from '@spanloom/window';

/** A place in the log, as a person names it. */
export type Place =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'time'; readonly unix_ms: number }
  | { readonly kind: 'offset'; readonly offset: number }
  /** Only these partitions. */
  | { readonly kind: 'offsets'; readonly offsets: ReadonlyMap<number, number> };

const OFFSET = /^offset:(\d{1,15})$/;
const OFFSETS = /^offset:(\d{1,4}=\d{1,15}(?:,\d{1,4}=\d{1,15})*)$/;
/** Shorter numbers are years, or somebody's seconds: better asked than guessed. */
const UNIX_MS = /^\d{12,14}$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}/;

/** @throws SpanloomError 'usage' that says what a place looks like */
export function parsePlace(flag: string, text: string): Place {
  if (text === 'start' || text === 'end') return { kind: text };
  const offset = OFFSET.exec(text)?.[1];
  if (offset !== undefined) return { kind: 'offset', offset: Number(offset) };
  const pairs = OFFSETS.exec(text)?.[1];
  if (pairs !== undefined) {
    const offsets = pairs.split(',').map((pair) => pair.split('=').map(Number) as [number, number]);
    return { kind: 'offsets', offsets: new Map(offsets) };
  }
  if (UNIX_MS.test(text)) return { kind: 'time', unix_ms: Number(text) };
  const unix_ms = ISO_DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(unix_ms)) return { kind: 'time', unix_ms };
  throw new SpanloomError(
    'usage',
    `${flag}: "${text}" should be "start", "end", a time (2026-05-01T10:00:00Z or Unix ms), ` +
      'offset:1200, or offset:0=1200,3=950',
  );
}

/** The offset of a place in one partition, within what the log still has; null when it leaves the partition out. */
export async function offsetOf(
  place: Place,
  { partition, low, high }: PartitionOffsets,
  log: PartitionLog,
): Promise<number | null> {
  const within = (offset: number): number => Math.min(Math.max(offset, low), high);
  switch (place.kind) {
    case 'start':
      return low;
    case 'end':
      return high;
    case 'time':
      return within((await log.offsetAt(place.unix_ms)) ?? high);
    case 'offset':
      return within(place.offset);
    case 'offsets': {
      const offset = place.offsets.get(partition);
      return offset === undefined ? null : within(offset);
    }
  }
}
