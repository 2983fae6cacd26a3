import { FragmentBatchBuilder } from '@spanloom/avro';

/** Messages kept for use again; each has a buffer of 256 KiB or more. */
const KEPT_MAX = 64;

/** Buffers of messages that were sent, for all partitions of the process: large ones are not made anew each time. */
export interface MessagePool {
  /** An empty message for a partition of `traces`. */
  take(partition: number): FragmentBatchBuilder;
  /** Takes a message back that nobody reads any more. */
  give(message: FragmentBatchBuilder): void;
}

/** Makes an empty pool. */
export function createMessagePool(): MessagePool {
  const kept: FragmentBatchBuilder[] = [];
  return {
    take(partition) {
      const message = kept.pop();
      message?.reset(partition);
      return message ?? new FragmentBatchBuilder(partition);
    },
    give(message) {
      if (kept.length < KEPT_MAX) kept.push(message);
    },
  };
}
