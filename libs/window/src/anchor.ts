import { FragmentBatchBuilder, FragmentReader } from '@spanloom/avro';
import type { Checkpoint } from './checkpoint';
import type { LogRecord, PartitionLog } from './log';
import { rebuildWindows } from './rebuild';
import type { RecordReader } from './record-reader';
import { step } from './reducer';
import type { WindowRules } from './rules';
import type { Entry, WindowState } from './state';

/**
 * A ledger entry as a place in the log where the sequence number is known: it comes out of the log when the
 * record at `offset` is applied, and has the number `seq`.
 */
export interface LedgerAnchor {
  readonly offset: number;
  readonly seq: number;
  /** The log clock in the entry, s. */
  readonly at_s: number;
}

/** How far to look back for the record before a place; only the marks of transactions lie between records. */
const LOOK_BACK_OFFSETS = 1_000;
/** Any id that a message can name. */
const SCHEMA_ID = 1;

/**
 * The checkpoint right before the record at `offset`; numbers count from 0 there. Null when the log no longer has
 * the record before it.
 * @param low the log's first offset
 */
export async function checkpointBefore(
  offset: number,
  log: PartitionLog,
  low: number,
): Promise<Checkpoint | null> {
  let clockS: number | null = null;
  const since = Math.max(low, offset - LOOK_BACK_OFFSETS);
  const near = Math.max(low, offset - 1);
  const take = (records: readonly LogRecord[]): void => {
    for (const { timestampMs } of records) {
      clockS = Math.max(clockS ?? 0, Math.floor(timestampMs / 1000));
    }
  };
  await log.read(near, offset, take);
  if (clockS === null && since < near) await log.read(since, near, take);
  return clockS === null ? null : { applied: offset, seq: 0, clockS };
}

/** The number of the ledger entry that was made at a second; null when there is none among the entries. */
export function ledgerSeqAt(
  partition: number,
  entries: readonly Entry[],
  atS: number,
): number | null {
  if (entries.length === 0) return null;
  const builder = new FragmentBatchBuilder(partition);
  for (const { seq, bytes } of entries) builder.add(seq, bytes);
  const reader = new FragmentReader();
  reader.reset(builder.finish(SCHEMA_ID));
  for (let kind = reader.next(); kind !== 'end' && kind !== 'corrupt'; kind = reader.next()) {
    if (kind === 'ledger' && reader.ledger?.atS === atS) return reader.seq;
  }
  return null;
}

/**
 * The windows right before a ledger entry's record, with the number that the log itself cannot give when its
 * beginning is gone. Null when the entry does not come out of the log.
 */
export async function windowsBeforeLedger(
  anchor: LedgerAnchor,
  deps: {
    readonly partition: number;
    readonly log: PartitionLog;
    /** The log's first offset. */
    readonly low: number;
    /** Offset after the log's last record. */
    readonly end: number;
    readonly reader: RecordReader;
    readonly rules: WindowRules;
  },
): Promise<WindowState | null> {
  const { log, reader, rules, partition } = deps;
  const checkpoint = await checkpointBefore(anchor.offset, log, deps.low);
  if (checkpoint === null || anchor.offset >= deps.end) return null;
  const tried = await rebuildWindows(checkpoint, { log, reader, rules });
  let at: number | null = null;
  await log.read(anchor.offset, anchor.offset + 1, async ([record]) => {
    if (record === undefined) return;
    const scanned = await reader.read(record);
    at = ledgerSeqAt(partition, step(tried.state, scanned, rules), anchor.at_s);
  });
  if (at === null) return null;
  const seq = anchor.seq - at;
  return (await rebuildWindows({ ...checkpoint, seq }, { log, reader, rules, mirrored: true }))
    .state;
}
