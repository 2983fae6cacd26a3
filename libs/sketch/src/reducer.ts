import { SCAN_BAD, SCAN_CORRUPT, SCAN_END, SpanScanner, WIRE_HEADER_BYTES } from '@spanloom/avro';
import { PANE_NUMBER_MAX } from './bucket-table';
import { encodePanes, PANE_S } from './pane-batch';
import { PaneTable } from './pane-table';
import { SeenSpans } from './seen-spans';
import { type SeriesLimits, SeriesSet } from './series';
import { SeriesNames } from './series-names';
import { adjustedCount, wholeCount } from './weight';

/** The rules of the reducer. Two runs over one log agree only if these are equal. */
export interface LatencyRules extends SeriesLimits {
  /** Everything gathered is flushed when the log clock crosses a multiple of this, seconds. */
  readonly flush_s: number;
  /** … or, after any record, when there are this many open panes, */
  readonly panes_max: number;
  /** … occupied buckets in all of them, */
  readonly buckets_max: number;
  /** … or distinct spans gathered. */
  readonly spans_max: number;
  /** Largest message on the topic `latency`. */
  readonly message_bytes_max: number;
  /** Take ids out of operation names (see `templateOperation`). */
  readonly template_operations: boolean;
}

/** The bounds as shipped. */
export const LATENCY_RULES: LatencyRules = {
  flush_s: 5,
  panes_max: 32_768,
  buckets_max: 250_000,
  spans_max: 250_000,
  message_bytes_max: 700_000,
  template_operations: true,
  services_max: 1_000,
  operations_per_service_max: 500,
  series_max: 10_000,
};

/** Where a reducer stands when nothing is gathered: with the rules, all that it depends on. */
export interface LatencyCheckpoint {
  /** Number of the next message; the first ever has 1. */
  readonly seq: number;
  /** Log clock, seconds since 1970; 0 before the first record. */
  readonly clockS: number;
}

/** One record of the partition's log. */
export interface LatencyRecord {
  readonly offset: number;
  /** The broker's append time. */
  readonly timestampMs: number;
  /** A `SpanBatch` of the canonical layout in wire format; null for ticks and what cannot be read. */
  readonly batch: Buffer | null;
}

/** What a step gives out: messages to produce in order, then the checkpoint to commit. */
export interface LatencyFlush {
  readonly why: 'clock' | 'bound';
  /** Messages `seq`, `seq + 1`, … up to before `checkpoint.seq`. */
  readonly seq: number;
  readonly messages: readonly Buffer[];
  readonly panes: number;
  /** The first record that is not in it: the offset to commit with the checkpoint. */
  readonly nextOffset: number;
  readonly checkpoint: LatencyCheckpoint;
}

/** What was seen since the state was made; for metrics only, no result depends on it. */
export interface LatencyCounters {
  spans: number;
  duplicates: number;
  /** Spans that break a rule, and one for each message that breaks off. */
  badSpans: number;
  /** Spans that ended after the year 2106, beyond what the tables' DateTime can hold. */
  outOfRange: number;
  /** Spans counted under `other`. */
  overflowed: number;
  flushes: number;
  messages: number;
}

/** What has been gathered of one partition since the last flush. Made and changed only by this file. */
export interface LatencyState {
  readonly rules: LatencyRules;
  readonly partition: number;
  readonly schemaId: number;
  readonly counters: LatencyCounters;
  seq: number;
  clockS: number;
  readonly names: SeriesNames;
  readonly series: SeriesSet;
  readonly panes: PaneTable;
  readonly seen: SeenSpans;
  readonly scanner: SpanScanner;
  /** Counts flushes, from 1: marks which remembered series numbers are of the current one. */
  generation: number;
}

const NO_FLUSH: readonly LatencyFlush[] = [];
const END_S_MAX = 4294967295;

/**
 * The state of a partition at a checkpoint: nothing gathered.
 * @param schemaId the registry's id for the messages that will be written
 */
export function createLatencyState(
  partition: number,
  schemaId: number,
  rules: LatencyRules,
  checkpoint: LatencyCheckpoint,
): LatencyState {
  return {
    rules,
    partition,
    schemaId,
    seq: checkpoint.seq,
    clockS: checkpoint.clockS,
    counters: {
      spans: 0,
      duplicates: 0,
      badSpans: 0,
      outOfRange: 0,
      overflowed: 0,
      flushes: 0,
      messages: 0,
    },
    names: new SeriesNames({ template: rules.template_operations }),
    series: new SeriesSet(rules),
    panes: new PaneTable(),
    seen: new SeenSpans(),
    scanner: new SpanScanner({ hashes: true }),
    generation: 1,
  };
}

/** Is anything gathered that has not been flushed? */
export function isGathering(state: LatencyState): boolean {
  return state.panes.size > 0;
}

/** The checkpoint of a state in which nothing is gathered. */
export function checkpointOf(state: LatencyState): LatencyCheckpoint {
  return { seq: state.seq, clockS: state.clockS };
}

/**
 * Applies the partition's next record: first flushes what is due at the record's time, then counts
 * its spans in, then flushes again if a bound is reached. A pure function of the records since the
 * last flush and of the checkpoint there: no clock, no I/O.
 *
 * @returns what to produce and commit, in order; mostly nothing
 */
export function step(state: LatencyState, record: LatencyRecord): readonly LatencyFlush[] {
  const due = advance(state, record);
  if (record.batch !== null) gather(state, record.batch);
  const { rules, panes, seen } = state;
  const full =
    panes.size >= rules.panes_max ||
    panes.buckets.size >= rules.buckets_max ||
    seen.size >= rules.spans_max;
  if (!full) return due === null ? NO_FLUSH : [due];
  const bound = flush(state, 'bound', record.offset + 1);
  return due === null ? [bound] : [due, bound];
}

/** Moves the log clock, and flushes when it crosses a boundary with something gathered. */
function advance(state: LatencyState, record: LatencyRecord): LatencyFlush | null {
  const now = Math.floor(record.timestampMs / 1000);
  if (now <= state.clockS) return null;
  const { flush_s } = state.rules;
  const crossed = Math.floor(now / flush_s) > Math.floor(state.clockS / flush_s);
  state.clockS = now;
  return crossed && isGathering(state) ? flush(state, 'clock', record.offset) : null;
}

function flush(state: LatencyState, why: LatencyFlush['why'], nextOffset: number): LatencyFlush {
  const { panes, series, counters, seq, partition, schemaId, clockS } = state;
  const { message_bytes_max } = state.rules;
  const frame = { partition, schemaId, firstSeq: seq, flushedAtS: clockS, message_bytes_max };
  const messages = encodePanes(frame, panes, series);
  const size = panes.size;
  state.seq = seq + messages.length;
  counters.flushes++;
  counters.messages += messages.length;
  panes.clear();
  series.clear();
  state.seen.clear();
  state.generation++;
  return { why, seq, messages, panes: size, nextOffset, checkpoint: checkpointOf(state) };
}

function gather(state: LatencyState, batch: Buffer): void {
  const { scanner, counters } = state;
  scanner.reset(batch, WIRE_HEADER_BYTES, batch.length);
  for (;;) {
    const found = scanner.next();
    if (found === SCAN_END) return;
    if (found === SCAN_BAD || found === SCAN_CORRUPT) counters.badSpans++;
    else count(state, scanner);
  }
}

function count(state: LatencyState, span: SpanScanner): void {
  const { counters, panes, seen } = state;
  const { endUnixS } = span;
  if (endUnixS > END_S_MAX || panes.size > PANE_NUMBER_MAX) {
    counters.outOfRange++;
    return;
  }
  if (!seen.add(span)) {
    counters.duplicates++;
    return;
  }
  const series = seriesOf(state, span);
  const pane = panes.find(series, Math.floor(endUnixS / PANE_S));
  const stateText = span.traceStateEnd - span.traceStateStart;
  const weight = stateText === 0 ? 1 : weightOf(span, span.identityHash);
  panes.add(pane, span.durationNano, weight, span.buffer, span.traceIdAt, span.spanIdAt);
  counters.spans++;
}

function weightOf(span: SpanScanner, hash: number): number {
  return wholeCount(adjustedCount(span.buffer, span.traceStateStart, span.traceStateEnd), hash);
}

function seriesOf(state: LatencyState, span: SpanScanner): number {
  const { names, series, generation } = state;
  const slot = names.find(span);
  if (names.tagGeneration[slot] !== generation) {
    names.tag[slot] = series.number(names.name(slot));
    names.tagGeneration[slot] = generation;
  }
  const number = names.tag[slot] as number;
  if (series.isOverflow(number)) state.counters.overflowed++;
  return number;
}
