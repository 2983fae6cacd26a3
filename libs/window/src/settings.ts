import { type ConfigOf, int } from '@spanloom/runtime';
import { DEFAULT_RULES, type WindowRules } from './rules';

/** The settings of the window rules. They must be equal wherever they are used: they decide what a trace is. */
export const windowSettings = {
  gap_s: int({
    default: DEFAULT_RULES.gap_s,
    min: 1,
    max: 3600,
    unit: 's',
    doc: 'A window closes when nothing came for its trace for this long, by the log clock.',
  }),
  grace_s: int({
    default: DEFAULT_RULES.grace_s,
    min: 1,
    max: 3600,
    unit: 's',
    doc: 'A window that has its root closes when nothing came for this long, by the log clock.',
  }),
  cut_s: int({
    default: DEFAULT_RULES.cut_s,
    min: 4,
    max: 86_400,
    unit: 's',
    doc: 'Period of the absolute cut: no window stays open longer than one and a half of it.',
  }),
  memory_s: int({
    default: DEFAULT_RULES.memory_s,
    min: 1,
    max: 86_400,
    unit: 's',
    doc: 'How long the span ids of a closed window are remembered, to recognise duplicates.',
  }),
  memory_ids_max: int({
    default: DEFAULT_RULES.memory_ids_max,
    min: 1000,
    max: 100_000_000,
    doc: 'Most span ids of closed windows remembered in one partition, about 11 bytes each; above it the oldest are forgotten early.',
  }),
  fragment_spans_max: int({
    default: DEFAULT_RULES.fragment_spans_max,
    min: 1,
    max: 1_000_000,
    doc: 'Most spans in one fragment; a larger trace goes on in the next one.',
  }),
  fragment_bytes_max: int({
    default: DEFAULT_RULES.fragment_bytes_max,
    min: 524_288,
    max: 900_000,
    unit: 'bytes',
    doc: 'Most bytes of spans in one fragment; under the limit of a Kafka message.',
  }),
  window_bytes_max: int({
    default: DEFAULT_RULES.window_bytes_max,
    min: 1_048_576,
    max: 4_294_967_296,
    unit: 'bytes',
    doc: 'Most bytes in the open windows of one partition; above it the oldest are evicted.',
  }),
};

/** The window rules that the settings describe. */
export function rulesOf(config: ConfigOf<typeof windowSettings>): WindowRules {
  return {
    gap_s: config.gap_s,
    grace_s: config.grace_s,
    cut_s: config.cut_s,
    memory_s: config.memory_s,
    memory_ids_max: config.memory_ids_max,
    ledger_s: DEFAULT_RULES.ledger_s,
    fragment_spans_max: config.fragment_spans_max,
    fragment_bytes_max: config.fragment_bytes_max,
    window_bytes_max: config.window_bytes_max,
  };
}
