import {
  type ConfigOf,
  choice,
  defineSettings,
  flag,
  int,
  kafkaSettings,
  memberSettings,
  processSettings,
} from '@spanloom/runtime';
import { LATENCY_RULES, type LatencyRules } from '@spanloom/sketch';

/**
 * The latency worker's settings. Those that shape the panes must be equal on all copies; stop the
 * copies in order before changing one (docs/adr/0004).
 */
export const settings = defineSettings('latency', {
  ...kafkaSettings,
  ...memberSettings,
  ...processSettings(9473),
  flush_s: int({
    default: LATENCY_RULES.flush_s,
    min: 1,
    max: 60,
    doc: 'What has gathered is written when the log clock crosses a multiple of this.',
  }),
  panes_max: int({
    default: LATENCY_RULES.panes_max,
    min: 100,
    max: 262_144,
    doc: 'Open panes of one partition; at this many they are written early.',
  }),
  pane_buckets_max: int({
    default: LATENCY_RULES.buckets_max,
    min: 1_000,
    max: 4_000_000,
    doc: 'Occupied buckets in the open panes of one partition (12 to 24 bytes each); at this many they are written early.',
  }),
  flush_spans_max: int({
    default: LATENCY_RULES.spans_max,
    min: 1_000,
    max: 4_000_000,
    doc: 'Spans between two flushes of one partition, whose ids are kept to drop duplicates (8 to 32 bytes each).',
  }),
  series_max: int({
    default: LATENCY_RULES.series_max,
    min: 10,
    max: 100_000,
    doc: 'Series (service, operation, kind, status) in one flush; further ones are counted under "other".',
  }),
  services_max: int({
    default: LATENCY_RULES.services_max,
    min: 1,
    max: 10_000,
    doc: 'Services in one flush; further ones are counted under "other".',
  }),
  operations_per_service_max: int({
    default: LATENCY_RULES.operations_per_service_max,
    min: 1,
    max: 10_000,
    doc: 'Operations of one service in one flush; further ones are counted under "other".',
  }),
  template_operations: flag({
    default: LATENCY_RULES.template_operations,
    doc: 'Whether ids in operation names (numbers in paths, UUIDs, hex, addresses) are replaced by {id}.',
  }),
  tick_quiet_ms: int({
    default: 1000,
    min: 100,
    max: 60_000,
    unit: 'ms',
    doc: 'A partition with open panes that is quiet for this long gets an empty record, so that its log clock goes on.',
  }),
  latency_compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    default: 'lz4',
    doc: 'Compression of what is written to the topic latency.',
  }),
});

/** The reducer's rules from the settings. */
export function rulesOf(config: ConfigOf<typeof settings>): LatencyRules {
  return {
    flush_s: config.flush_s,
    panes_max: config.panes_max,
    buckets_max: config.pane_buckets_max,
    spans_max: config.flush_spans_max,
    series_max: config.series_max,
    services_max: config.services_max,
    operations_per_service_max: config.operations_per_service_max,
    template_operations: config.template_operations,
    message_bytes_max: LATENCY_RULES.message_bytes_max,
  };
}
