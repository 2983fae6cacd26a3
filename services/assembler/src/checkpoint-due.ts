import type { Clock } from '@spanloom/runtime';

/** A partition with this part of a checkpoint's greatest bytes before it is far behind. */
export const FAR_BEHIND = 1 / 16;
/** Far behind, a checkpoint waits for so many intervals, unless its bytes come first. */
const FAR_BEHIND_INTERVALS = 5;

/** When the windows of one partition are written to Redis next. */
export interface CheckpointDue {
  /** A record of so many bytes was applied. */
  applied(bytes: number): void;
  /** The windows are in Redis as they are now. */
  saved(): void;
  /** An attempt has ended, well or not: the next one is due an interval later. */
  tried(): void;
  /** About how many bytes so many records have, by the size of those so far; 0 before the first. */
  bytesOf(records: number): number;
  /** Whether the interval is over. `lag` is in records. */
  isTime(lag: number): boolean;
  /** Whether so much has come since the last checkpoint that it can't wait for the interval. */
  readonly isMuch: boolean;
}

/**
 * While a partition is far behind, nobody looks at its open windows and most of them close soon, so its checkpoints
 * are rarer: a window that opens and closes between two never goes to Redis. Measured on 500,000 spans that wait in
 * eight partitions: docs/performance.md.
 */
export function createCheckpointDue(options: {
  readonly interval_ms: number;
  readonly bytes_max: number;
  readonly clock: Clock;
}): CheckpointDue {
  const { interval_ms, bytes_max, clock } = options;
  let records = 0;
  let bytes = 0;
  let savedBytes = 0;
  let triedAtMs = clock.monotonicMs();

  const bytesOf = (count: number): number => (records > 0 ? count * (bytes / records) : 0);
  const isFarBehind = (lag: number): boolean => bytesOf(lag) >= bytes_max * FAR_BEHIND;

  return {
    bytesOf,
    applied(recordBytes) {
      bytes += recordBytes;
      records++;
    },
    saved() {
      savedBytes = bytes;
    },
    tried() {
      triedAtMs = clock.monotonicMs();
    },
    isTime(lag) {
      const intervals = isFarBehind(lag) ? FAR_BEHIND_INTERVALS : 1;
      return clock.monotonicMs() - triedAtMs >= interval_ms * intervals;
    },
    get isMuch() {
      return bytes - savedBytes >= bytes_max;
    },
  };
}
