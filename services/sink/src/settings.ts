import {
  clickhouseSettings,
  defineSettings,
  int,
  kafkaSettings,
  memberSettings,
  processSettings,
} from '@spanloom/runtime';

/** The sink's settings. */
export const settings = defineSettings('sink', {
  ...kafkaSettings,
  ...memberSettings,
  ...clickhouseSettings,
  ...processSettings(9474),
  block_rows_max: int({
    default: 50_000,
    min: 1,
    max: 1_000_000,
    doc: 'A block of one partition is inserted when it has this many rows.',
  }),
  block_bytes_max: int({
    default: 24_000_000,
    min: 65_536,
    max: 268_435_456,
    unit: 'bytes',
    doc: 'A block of one partition is inserted when it has this many bytes, as ClickHouse gets them.',
  }),
  pending_bytes_max: int({
    default: 67_108_864,
    min: 1_048_576,
    max: 4_294_967_296,
    unit: 'bytes',
    doc: 'Most bytes of rows that wait to be inserted, over all partitions of the process; above it blocks are cut earlier.',
  }),
  block_linger_ms: int({
    default: 2000,
    min: 10,
    max: 600_000,
    unit: 'ms',
    doc: 'A block is inserted this long after its first row, however small it is; what comes meanwhile is read from the log at the end. While the pipeline is behind, half as long as it is behind, up to ten times this. Small blocks are what costs ClickHouse most: four times the CPU for a span in blocks of 1,500 spans than in blocks of 50,000.',
  }),
  insert_retry_ms_max: int({
    default: 10_000,
    min: 100,
    max: 600_000,
    unit: 'ms',
    doc: 'Longest wait between two attempts to insert a block while ClickHouse is away. It is tried until it succeeds.',
  }),
  amend_interval_ms: int({
    default: 5000,
    min: 100,
    max: 3_600_000,
    unit: 'ms',
    doc: 'How often traces that got another fragment are analysed again as a whole.',
  }),
  amend_spans_max: int({
    default: 100_000,
    min: 1000,
    max: 1_000_000,
    doc: 'A trace with more spans than this is not analysed again.',
  }),
  amend_settle_s: int({
    default: 600,
    min: 1,
    max: 604_800,
    unit: 's',
    doc: 'A trace that was cut is looked at for further parts until this much log time has passed; longer than twice the cut period of the assembler.',
  }),
});
