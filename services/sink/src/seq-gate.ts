/** What became of an entry's sequence number. */
export type SeqOutcome = 'accepted' | 'repeat' | 'gap';

/**
 * Lets each entry of a partition through once and in order: exactly the last accepted plus one.
 * Entries are written in order, and again after a crash, so a lower number is a repeat and a higher
 * one cannot happen; it is refused and never skipped over.
 */
export interface SeqGate {
  /** The last accepted; null before the first message of a partition that was never read. */
  readonly last: number | null;
  /** Offset of the first entry that was refused since the last one accepted; null when all is well. */
  readonly gapOffset: number | null;
  /** `offset` is that of the record that the entry came in. */
  pass(seq: number, offset: number): SeqOutcome;
}

/** @param last the last accepted; null to begin with whatever comes first */
export function createSeqGate(last: number | null, gapOffset: number | null = null): SeqGate {
  return {
    get last() {
      return last;
    },
    get gapOffset() {
      return gapOffset;
    },
    pass(seq, offset) {
      if (last !== null && seq <= last) return 'repeat';
      if (last !== null && seq > last + 1) {
        gapOffset ??= offset;
        return 'gap';
      }
      last = seq;
      gapOffset = null;
      return 'accepted';
    },
  };
}
