import type { ConfigOf } from '@spanloom/runtime';
import { DEFAULT_RULES, type WindowRules } from '@spanloom/window';
import type { settings } from './settings';

/** The window rules that the settings describe. */
export function rulesOf(config: ConfigOf<typeof settings>): WindowRules {
  return {
    gap_s: config.gap_s,
    grace_s: config.grace_s,
    cut_s: config.cut_s,
    memory_s: config.memory_s,
    ledger_s: DEFAULT_RULES.ledger_s,
    fragment_spans_max: config.fragment_spans_max,
    fragment_bytes_max: config.fragment_bytes_max,
    window_bytes_max: config.window_bytes_max,
  };
}
