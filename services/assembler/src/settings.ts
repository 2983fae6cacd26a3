import {
  choice,
  defineSettings,
  int,
  kafkaSettings,
  memberSettings,
  processSettings,
  redisSettings,
} from '@spanloom/runtime';
import { windowSettings } from '@spanloom/window';

/** The assembler's settings. The window rules must be equal on all copies: they decide what a trace is. */
export const settings = defineSettings('assembler', {
  ...kafkaSettings,
  ...memberSettings,
  ...redisSettings,
  ...processSettings(9472),
  ...windowSettings,
  checkpoint_interval_ms: int({
    default: 2000,
    min: 10,
    max: 60_000,
    unit: 'ms',
    doc: 'How often the windows are written to Redis; five times as seldom while a partition is far behind, with a sixteenth of `checkpoint_bytes_max` before it. A window that opens and closes in between never goes there.',
  }),
  checkpoint_bytes_max: int({
    default: 134_217_728,
    min: 65_536,
    max: 268_435_456,
    unit: 'bytes',
    doc: 'The windows are written to Redis earlier when this much has come for one partition.',
  }),
  behind_partitions_max: int({
    default: 2,
    min: 1,
    max: 10_000,
    doc: 'Partitions that are far behind, with a sixteenth of `checkpoint_bytes_max` or more before them, and are read at the same time. The others wait for their turn, of half a minute, with their windows in Redis: the process then has the open windows of so many partitions in memory, and not of all.',
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
    default: 'none',
    doc: 'Compression of what is written to the topic traces. none takes least CPU, here and in the sink; lz4 takes a third of the disk and network.',
  }),
});
