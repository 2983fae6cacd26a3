/** The window rules' settings. Times are whole seconds of the partition's log clock. */
export interface WindowRules {
  /** A window closes when nothing came for its trace for this long. */
  readonly gap_s: number;
  /** A window with a root closes when nothing came for this long. */
  readonly grace_s: number;
  /** Period D of the absolute cut: bounds how long a window can stay open (1.5 D). */
  readonly cut_s: number;
  /** M: how long the span ids of a closed window are remembered. */
  readonly memory_s: number;
  /** Most span ids of closed windows that are remembered; above it the oldest windows' are forgotten early. */
  readonly memory_ids_max: number;
  /** Ledger entries are made at multiples of this. */
  readonly ledger_s: number;
  /** Most spans in one fragment. */
  readonly fragment_spans_max: number;
  /** Most bytes of spans in one fragment; at least the largest span. */
  readonly fragment_bytes_max: number;
  /** Most bytes in all open windows of the partition; above it the oldest are evicted. */
  readonly window_bytes_max: number;
}

/** The defaults of design: gap 10 s, grace 2 s, cut 120 s, memory 60 s. */
export const DEFAULT_RULES: WindowRules = {
  gap_s: 10,
  grace_s: 2,
  cut_s: 120,
  memory_s: 60,
  memory_ids_max: 2_000_000,
  ledger_s: 10,
  fragment_spans_max: 20_000,
  fragment_bytes_max: 700_000,
  window_bytes_max: 64 * 1024 * 1024,
};

/**
 * H: the state at an offset depends on at most this many seconds of log before it
 * (memory + two cut periods + gap, and one ledger period for the counts).
 */
export function horizonS(rules: WindowRules): number {
  return rules.memory_s + 2 * rules.cut_s + rules.gap_s + rules.ledger_s;
}
