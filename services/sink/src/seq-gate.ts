/** What became of an entry's sequence number. */
export type SeqOutcome = 'accepted' | 'repeat' | 'gap';

/**
 * Lets each entry of a partition through once and in order: exactly the last accepted plus one.
 * Entries are written in order, and again after a crash, so a lower number is a repeat and a higher
 * one cannot happen; it is refused and never skipped over.
 */
export interface SeqGate {
  /** The last accepted; null before the first message of a partition that was never read. */
  last: number | null;
  pass(seq: number): SeqOutcome;
}

/** @param last the last accepted; null to begin with whatever comes first */
export function createSeqGate(last: number | null): SeqGate {
  return {
    last,
    pass(seq) {
      if (this.last !== null && seq !== this.last + 1) {
        return seq <= this.last ? 'repeat' : 'gap';
      }
      this.last = seq;
      return 'accepted';
    },
  };
}
