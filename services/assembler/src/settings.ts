import {
  choice,
  defineSettings,
  int,
  kafkaSettings,
  memberSettings,
  processSettings,
  redisSettings,
} from '@spanloom/runtime';
import { DEFAULT_RULES } from '@spanloom/window';

/** The assembler's settings. The window rules must be equal on all copies: they decide what a trace is. */
export const settings = defineSettings('assembler', {
  ...kafkaSettings,
  ...memberSettings,
  ...redisSettings,
  ...processSettings(9472),
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
  checkpoint_interval_ms: int({
    default: 1000,
    min: 10,
    max: 60_000,
    unit: 'ms',
    doc: 'How often the windows are written to Redis. A window that opens and closes in between never goes there.',
  }),
  checkpoint_bytes_max: int({
    default: 8_388_608,
    min: 65_536,
    max: 268_435_456,
    unit: 'bytes',
    doc: 'The windows are written to Redis earlier when this much has come for one partition.',
  }),
  commit_interval_ms: int({
    default: 5000,
    min: 10,
    max: 600_000,
    unit: 'ms',
    doc: 'How often the offset, sequence number and log clock are committed to Kafka.',
  }),
  tick_quiet_ms: int({
    default: 1000,
    min: 100,
    max: 60_000,
    unit: 'ms',
    doc: 'A partition with open windows that is quiet for this long gets an empty record, so that its log clock goes on.',
  }),
  redis_used_percent_max: int({
    default: 85,
    min: 10,
    max: 100,
    doc: 'Reading pauses when Redis uses more of its maxmemory than this, and goes on 10 points below it.',
  }),
  traces_compression: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    default: 'lz4',
    doc: 'Compression of what is written to the topic traces.',
  }),
});
