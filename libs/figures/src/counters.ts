import type { ProducerCounters } from '@spanloom/avro';
import type { Counters } from './contract';
import { boundedService } from './delays';

/** Lives of processes in one book: when there are as many, it is time to write them. */
export const COUNTERS_MAX = 1_000;

/**
 * Counters that were reported since the book was last taken. Of what one life of a process reports the greatest
 * holds, so it does not matter in which order reports come, how often, or which of them are lost.
 */
export class CounterBook {
  private entries = new Map<string, ProducerCounters>();

  get size(): number {
    return this.entries.size;
  }

  get isFull(): boolean {
    return this.entries.size >= COUNTERS_MAX;
  }

  /** Takes a report in, or one that was taken out and could not be written. */
  add(service: string, { startId, ended, dropped }: Counters): void {
    const named = boundedService(service);
    const key = JSON.stringify([named, startId]);
    const known = this.entries.get(key);
    this.entries.set(key, {
      service: named,
      startId,
      ended: Math.max(ended, known?.ended ?? 0),
      dropped: Math.max(dropped, known?.dropped ?? 0),
    });
  }

  /** Gives what was gathered, and begins anew. */
  take(): readonly ProducerCounters[] {
    const taken = [...this.entries.values()];
    this.entries = new Map();
    return taken;
  }
}
