/** What a chaos run came to: the last line of its output. */
export interface ChaosResult {
  readonly seed: number;
  /** Faults that struck; those whose step or answer did not come in time are in `not_struck`. */
  readonly faults: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly not_struck: number;
  readonly spans_acked: number;
  readonly spans_stored: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly corrupted: number;
  /** Fragments and ledger entries that the reducer makes of the log. */
  readonly fragments_expected: number;
  /** Those that are byte-identical on `traces` and right, and there once, in ClickHouse. */
  readonly fragments_equal: number;
  readonly latency_expected: number;
  readonly latency_equal: number;
  /** ClickHouse's panes count each observation once. */
  readonly panes_add_up: boolean;
  readonly dead_letters_expected: number;
  readonly dead_letters_equal: number;
  /** Numbers skipped, repeats with other bytes, rows that should not be there. */
  readonly breaches: number;
  readonly ledger_balanced: boolean;
  readonly replay_identical: boolean;
  readonly worker_restarts: number;
  readonly requests_resent: number;
  readonly seconds: number;
}

/** Whether nothing at all is wrong. */
export function isRight(result: ChaosResult): boolean {
  return (
    result.spans_acked > 0 &&
    result.spans_stored === result.spans_acked &&
    result.lost + result.duplicated + result.corrupted + result.breaches === 0 &&
    result.fragments_expected > 0 &&
    result.fragments_equal === result.fragments_expected &&
    result.latency_equal === result.latency_expected &&
    result.dead_letters_equal === result.dead_letters_expected &&
    result.panes_add_up &&
    result.ledger_balanced &&
    result.replay_identical
  );
}
