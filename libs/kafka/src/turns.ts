import type { PartitionHandle } from './partitions';

/** What is paused and resumed. */
type Turner = Pick<PartitionHandle, 'pause' | 'resume'>;

/** Why a partition is paused that waits for its turn. */
const WHY = 'it is the turn of another partition';

/**
 * Few partitions of a topic at a time, and the others wait: for what takes memory while a partition is at it. Each has its
 * turn in the order in which it asked.
 */
export interface Turns {
  /** Gives `turner` a turn, or pauses it until one is free. Asking again changes nothing. */
  ask(turner: Turner): void;
  /** It neither has nor wants a turn. */
  end(turner: Turner): void;
  isWaiting(turner: Turner): boolean;
  /** Whether anybody waits. */
  readonly isWanted: boolean;
}

/** @param turns_max how many have a turn at the same time */
export function createTurns(turns_max: number): Turns {
  const holders = new Set<Turner>();
  const waiting = new Set<Turner>();

  function giveNext(): void {
    for (const turner of waiting) {
      if (holders.size >= turns_max) return;
      waiting.delete(turner);
      holders.add(turner);
      turner.resume(WHY);
    }
  }

  return {
    ask(turner) {
      if (holders.has(turner) || waiting.has(turner)) return;
      if (holders.size < turns_max) {
        holders.add(turner);
        return;
      }
      waiting.add(turner);
      turner.pause(WHY);
    },
    end(turner) {
      if (waiting.delete(turner)) turner.resume(WHY);
      if (holders.delete(turner)) giveNext();
    },
    isWaiting: (turner) => waiting.has(turner),
    get isWanted() {
      return waiting.size > 0;
    },
  };
}
