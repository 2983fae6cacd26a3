import type { ClickHouse } from '@spanloom/clickhouse';
import { type Kafka, type PartitionOffsets, partitionLog } from '@spanloom/kafka';
import { type Clock, SpanloomError } from '@spanloom/runtime';
import {
  type Checkpoint,
  createDecidedReader,
  type RecordReader,
  readDecisions,
  type WindowRules,
} from '@spanloom/window';
import { findAnchors, nextAnchorOffset } from './anchors';
import { assemblerCheckpoints, storedSeqs, waitForSink } from './commits';
import { type Comparison, compare } from './compare';
import { isConfirmed } from './confirm';
import { offsetOf, type Place } from './place';
import { type ReplayDeps, type Replayed, replayRange } from './replay';
import { createShadowWriter } from './shadow-writer';
import { swap } from './swap';
import { createShadows, dropShadows, type ShadowNames } from './tables';

/** What was replayed of a partition. */
export interface RebuiltPartition extends Replayed {
  readonly partition: number;
  readonly from_offset: number;
  readonly to_offset: number;
  readonly spans: number;
  readonly fragments: number;
  /** Entries that the sink has not stored yet; they are not compared. */
  readonly not_stored_yet: number;
  /** The numbers are those of the live system; see `isConfirmed`. Nothing is swapped otherwise. */
  readonly confirmed: boolean;
}

/** What a rebuild came to. */
export interface RebuildResult {
  readonly partitions: readonly RebuiltPartition[];
  /** As it was found. */
  readonly comparison: Comparison;
  /** After the swap; null when nothing was swapped. */
  readonly afterSwap: Comparison | null;
}

/** What a rebuild is to do. */
export interface RebuildOptions {
  readonly from: Place;
  readonly to: Place;
  /** Null for all. */
  readonly partitions: ReadonlySet<number> | null;
  readonly swap: boolean;
  readonly names: ShadowNames;
}

/** What a rebuild works with. */
export interface RebuildDeps {
  readonly kafka: Kafka;
  readonly topicPrefix: string;
  readonly clickhouse: ClickHouse;
  readonly reader: RecordReader;
  readonly rules: WindowRules;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string, done: number, total: number) => void;
}

const SINK_WAIT_MS = 30_000;

interface Range {
  readonly offsets: PartitionOffsets;
  readonly from: number;
  readonly to: number;
}

/** Replays, compares and, when told to, repairs. The shadow tables are left to the caller. */
export async function rebuild(options: RebuildOptions, deps: RebuildDeps): Promise<RebuildResult> {
  const { clickhouse, kafka, topicPrefix, clock, signal } = deps;
  const { names } = options;
  const ranges = await resolveRanges(options, kafka);
  await dropShadows(clickhouse, names);
  await createShadows(clickhouse, names);
  const committed = await assemblerCheckpoints(kafka, topicPrefix);
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const replayed: Unconfirmed[] = [];
  let done = 0;
  for (const range of ranges) {
    const progress = (offset: number): void =>
      deps.onProgress('replayed', done + Math.max(0, offset - range.from), total);
    replayed.push(
      await rebuildPartition(range, committed.get(range.offsets.partition) ?? null, {
        ...deps,
        names,
        progress,
      }),
    );
    done += range.to - range.from;
  }
  deps.onProgress('comparing; replayed', total, total);
  const wanted = new Map(replayed.map((one) => [one.partition, one.last_seq]));
  const stored = await waitForSink(() => storedSeqs(kafka, topicPrefix), wanted, {
    wait_ms: SINK_WAIT_MS,
    clock,
    signal,
  });
  const partitions: RebuiltPartition[] = [];
  for (const one of replayed) {
    const last = Math.max(
      one.after_seq,
      Math.min(one.last_seq, stored.get(one.partition) ?? one.last_seq),
    );
    await noteRange(clickhouse, names, one, last);
    const confirmed = await isConfirmed(clickhouse, names, one, last);
    partitions.push({ ...one, not_stored_yet: one.last_seq - last, confirmed });
  }
  const comparison = await compare(clickhouse, names);
  if (!options.swap || comparison.identical) return { partitions, comparison, afterSwap: null };
  refuseUnconfirmed(partitions);
  deps.onProgress('swapping; replayed', total, total);
  await swap(clickhouse, names, { clock, signal });
  return { partitions, comparison, afterSwap: await compare(clickhouse, names) };
}

type Unconfirmed = Omit<RebuiltPartition, 'confirmed' | 'not_stored_yet'>;

async function resolveRanges(options: RebuildOptions, kafka: Kafka): Promise<readonly Range[]> {
  const topic = kafka.topic('spans');
  const all = await (await kafka.admin()).offsets(topic);
  const unknown = [...(options.partitions ?? [])].find((p) => !all.some((o) => o.partition === p));
  if (unknown !== undefined) {
    throw new SpanloomError('usage', `--partition: ${topic} has ${all.length}, no ${unknown}`);
  }
  const ranges: Range[] = [];
  for (const offsets of all) {
    if (options.partitions !== null && !options.partitions.has(offsets.partition)) continue;
    const log = partitionLog(kafka, topic, offsets.partition);
    const from = await offsetOf(options.from, offsets, log);
    const to = await offsetOf(options.to, offsets, log);
    if (from !== null && to !== null && from < to) ranges.push({ offsets, from, to });
  }
  if (ranges.length > 0) return ranges;
  throw new SpanloomError(
    'usage',
    `there is nothing in ${topic} between --from and --to; "start" and "end" are what the log still has`,
  );
}

async function rebuildPartition(
  { offsets, from, to }: Range,
  committed: Checkpoint | null,
  deps: RebuildDeps & {
    readonly names: ShadowNames;
    readonly progress: (offset: number) => void;
  },
): Promise<Unconfirmed> {
  const { clickhouse, kafka, names, rules, reader, signal } = deps;
  const { partition, low } = offsets;
  const writer = createShadowWriter(partition, { clickhouse, names });
  const replay: ReplayDeps = {
    log: partitionLog(kafka, kafka.topic('spans'), partition),
    reader: await decidedReader(partition, kafka, reader),
    rules,
    emit: writer.add,
    onProgress: deps.progress,
    signal,
  };
  for (const anchor of await findAnchors(clickhouse, partition, { from, low })) {
    const range = { partition, low, from, to, committed };
    const result = await replayRange(range, anchor, replay);
    if (typeof result === 'string') continue;
    await writer.finish();
    const { spans, fragments } = writer;
    return { ...result, partition, from_offset: from, to_offset: to, spans, fragments };
  }
  throw await noAnchor(clickhouse, offsets, from);
}

/** What was a dead letter because of its schema stays one: all decisions that the topic still has are read. */
async function decidedReader(
  partition: number,
  kafka: Kafka,
  reader: RecordReader,
): Promise<RecordReader> {
  const topic = kafka.topic('dead-letters');
  const offsets = await (await kafka.admin()).offsets(topic);
  const end = offsets.find((o) => o.partition === partition)?.high ?? 0;
  const of = { topic: kafka.topic('spans'), partition, since_s: 0, end };
  const decisions = await readDecisions(partitionLog(kafka, topic, partition), of);
  return createDecidedReader(reader, decisions, { complete: false });
}

async function noAnchor(
  clickhouse: ClickHouse,
  { partition, low }: PartitionOffsets,
  from: number,
): Promise<SpanloomError> {
  const next = await nextAnchorOffset(clickhouse, partition, from + 1);
  const cure =
    next === null
      ? 'the ledger has no row after it either; rebuild from the beginning of a log that is whole'
      : `begin at a later ledger row, the first is at --from offset:${partition}=${next}`;
  return new SpanloomError(
    'usage',
    `partition ${partition} cannot be rebuilt from offset ${from}: no ledger row before it comes out of the log ` +
      `(which begins at ${low}, and must reach one horizon further back). Either the window settings are not ` +
      `those of the assembler, or ${cure}`,
    { details: { partition, from, low } },
  );
}

async function noteRange(
  clickhouse: ClickHouse,
  names: ShadowNames,
  { partition, from_offset, to_offset, after_seq }: Unconfirmed,
  last_seq: number,
): Promise<void> {
  await clickhouse.command(
    `INSERT INTO ${names.ranges} SELECT {partition:UInt16}, {from_offset:UInt64}, {to_offset:UInt64},
     {after_seq:UInt64}, {last_seq:UInt64}`,
    { partition, from_offset, to_offset, after_seq, last_seq },
  );
}

function refuseUnconfirmed(partitions: readonly RebuiltPartition[]): void {
  const unsure = partitions.filter(({ confirmed }) => !confirmed).map((one) => one.partition);
  if (unsure.length === 0) return;
  throw new SpanloomError(
    'usage',
    `nothing was swapped: in partitions ${unsure.join(', ')} the numbers are not those of the live system. ` +
      "Give the assembler's window settings (SPANLOOM_GAP_S and so on); if the live tables are empty there, " +
      'use "--to end", so that the assembler\'s commit can confirm the numbers',
    { details: { partitions: unsure } },
  );
}
