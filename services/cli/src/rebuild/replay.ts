import {
  type Checkpoint,
  type Entry,
  horizonS,
  type LogRecord,
  ledgerSeqAt,
  type PartitionLog,
  type RecordReader,
  rebuildWindows,
  step,
  type WindowRules,
  type WindowState,
} from '@spanloom/window';
import { type Anchor, checkpointAt } from './anchors';

/** What a replay works with. */
export interface ReplayDeps {
  readonly log: PartitionLog;
  readonly reader: RecordReader;
  readonly rules: WindowRules;
  /** Takes the entries of the range, in order. */
  readonly emit: (entries: readonly Entry[]) => Promise<void>;
  readonly onProgress: (offset: number) => void;
  readonly signal: AbortSignal;
}

/** A piece of one partition's log. */
export interface ReplayRange {
  readonly partition: number;
  /** First offset that is still in the log. */
  readonly low: number;
  readonly from: number;
  readonly to: number;
  /** Where the assembler last committed, to compare numbers with; null where that is not known. */
  readonly committed: Checkpoint | null;
}

/** What a replay came to. */
export interface Replayed {
  /** The entries of the range have the numbers after_seq < seq ≤ last_seq. */
  readonly after_seq: number;
  readonly last_seq: number;
  /** Spans in windows that are still open at the end. */
  readonly open: number;
  /** Whether the number at the assembler's commit is the assembler's; null when the range does not hold it. */
  readonly agrees_with_commit: boolean | null;
  readonly messages: number;
  readonly spans_received: number;
}

/** Why an anchor is no use. */
export type AnchorRefusal = 'log-too-short' | 'no-such-entry';

/**
 * Replays a range from an anchor at or before it: rebuilds the windows there, applies record after record, and
 * gives away what closes from `from` on. The numbers follow from the anchor's.
 * @returns what it came to, or why it cannot begin at this anchor; then nothing was emitted
 */
export async function replayRange(
  range: ReplayRange,
  anchor: Anchor,
  deps: ReplayDeps,
): Promise<Replayed | AnchorRefusal> {
  const { log, rules, reader } = deps;
  const checkpoint = await checkpointAt(anchor, log, range.low);
  if (checkpoint === null || !(await reachesBack(checkpoint, range.low, log, rules))) {
    return 'log-too-short';
  }
  const { state } = await rebuildWindows(checkpoint, { log, reader, rules });
  const run = createRun(state, range, anchor, deps);
  try {
    await log.read(checkpoint.applied, range.to, run.take);
  } catch (error) {
    if (error === NO_SUCH_ENTRY) return 'no-such-entry';
    throw error;
  }
  return run.result();
}

const NO_SUCH_ENTRY = new Error('the ledger row does not come out of the log');

/** Whether the log holds a whole horizon before the checkpoint: then it has a record that is older. */
async function reachesBack(
  { clockS, applied }: Checkpoint,
  low: number,
  log: PartitionLog,
  rules: WindowRules,
): Promise<boolean> {
  if (low === 0) return true;
  const first = await log.offsetAt(Math.max(0, clockS - horizonS(rules)) * 1000);
  return (first ?? applied) > low;
}

function createRun(state: WindowState, range: ReplayRange, anchor: Anchor, deps: ReplayDeps) {
  const { partition, from, committed } = range;
  let numbered = anchor.kind === 'beginning';
  let afterSeq: number | null = null;
  let agrees: boolean | null = null;
  let messages = 0;
  let received = 0;

  /** The anchor's entry is among those of its record: its number gives all others. */
  function number(entries: Entry[]): Entry[] {
    if (anchor.kind === 'beginning') return entries;
    const at = ledgerSeqAt(partition, entries, anchor.at_s);
    if (at === null) throw NO_SUCH_ENTRY;
    const shift = anchor.seq - at;
    state.seq += shift;
    numbered = true;
    return entries.map(({ seq, bytes }) => ({ seq: seq + shift, bytes }));
  }

  async function apply(record: LogRecord): Promise<void> {
    if (numbered && afterSeq === null && record.offset >= from) afterSeq = state.seq;
    const read = deps.reader.read(record);
    const scanned = read instanceof Promise ? await read : read;
    const closed = step(state, scanned, deps.rules);
    const entries = numbered ? closed : number(closed);
    if (committed !== null && committed.applied === state.applied) {
      agrees = committed.seq === state.seq;
    }
    if (record.offset < from) return;
    afterSeq ??= state.seq - entries.length;
    messages++;
    received += scanned.received;
    if (entries.length > 0) await deps.emit(entries);
  }

  return {
    async take(records: readonly LogRecord[]): Promise<void> {
      deps.signal.throwIfAborted();
      for (const record of records) await apply(record);
      deps.onProgress(state.applied);
    },
    result: (): Replayed => ({
      after_seq: afterSeq ?? state.seq,
      last_seq: state.seq,
      open: state.openSpans,
      agrees_with_commit: agrees,
      messages,
      spans_received: received,
    }),
  };
}
