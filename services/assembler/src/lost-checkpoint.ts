import { FragmentReader } from '@spanloom/avro';
import { type Kafka, type PartitionOffsets, partitionLog } from '@spanloom/kafka';
import { type Logger, SpanloomError } from '@spanloom/runtime';
import {
  createWindowState,
  type LedgerAnchor,
  type RecordReader,
  type WindowRules,
  type WindowState,
  windowsBeforeLedger,
} from '@spanloom/window';

/** So many of the last messages are searched for a ledger entry: one is written every few seconds. */
const LAST_MESSAGES = 500;

/** What finding a beginning works with. */
export interface LostCheckpointDeps {
  readonly kafka: Kafka;
  readonly reader: RecordReader;
  readonly rules: WindowRules;
  readonly logger: Logger;
}

/**
 * Where a partition begins that has no state in Redis and no committed checkpoint. The log's beginning, if it is
 * there or nothing was ever written to `traces`; else numbers go on from the last ledger entry on `traces`.
 *
 * @throws SpanloomError 'state-corrupt' when neither is to be had: numbers from 1 would be dropped as repeats
 */
export async function beginWithoutCheckpoint(
  partition: number,
  deps: LostCheckpointDeps,
): Promise<WindowState> {
  const { kafka, logger } = deps;
  const spans = await offsetsOf(kafka, 'spans', partition);
  const traces = await offsetsOf(kafka, 'traces', partition);
  if (spans.low === 0 || traces.high === 0) {
    return createWindowState({ applied: spans.low, mirrored: true });
  }
  for (const anchor of await lastLedgers(traces, kafka)) {
    const log = partitionLog(kafka, kafka.topic('spans'), partition);
    const state = await windowsBeforeLedger(anchor, {
      ...deps,
      partition,
      log,
      low: spans.low,
      end: spans.high,
    });
    if (state === null) continue;
    logger.warn({ partition, ...anchor }, 'numbers go on from the last ledger entry');
    return state;
  }
  throw new SpanloomError(
    'state-corrupt',
    `partition ${partition} has no windows in Redis and no committed checkpoint, its log begins only at ${spans.low}, and ` +
      'no ledger entry on the topic traces comes out of it, so the numbers of its fragments cannot go on: bring back ' +
      "Redis' data or the group's offsets, or begin anew under another SPANLOOM_TOPIC_PREFIX and database",
    { details: { partition, spans, traces } },
  );
}

async function offsetsOf(
  kafka: Kafka,
  name: 'spans' | 'traces',
  partition: number,
): Promise<PartitionOffsets> {
  const all = await (await kafka.admin()).offsets(kafka.topic(name));
  return all.find((o) => o.partition === partition) ?? { partition, low: 0, high: 0 };
}

/** The ledger entries among the last messages, the latest first. */
async function lastLedgers(
  { partition, low, high }: PartitionOffsets,
  kafka: Kafka,
): Promise<readonly LedgerAnchor[]> {
  const found = new Map<number, LedgerAnchor>();
  const from = Math.max(low, high - LAST_MESSAGES);
  if (from >= high) return [];
  const reader = new FragmentReader();
  const range = { topic: kafka.topic('traces'), partition, from, to: high };
  await kafka.readRange(range, (records) => {
    for (const { value } of records) {
      if (value === null || !reader.reset(value)) continue;
      for (let kind = reader.next(); kind !== 'end' && kind !== 'corrupt'; kind = reader.next()) {
        if (kind !== 'ledger' || reader.ledger === null) continue;
        const { toOffset: offset, atS: at_s } = reader.ledger;
        found.set(reader.seq, { offset, at_s, seq: reader.seq });
      }
    }
  });
  return [...found.values()].sort((a, b) => b.seq - a.seq);
}
