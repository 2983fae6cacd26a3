// Turns fragments of traces into rows by column, as ClickHouse's Native format has them: what is exported is what
// ../src/stage.ts calls.
import * as analysis from './analysis';
import * as callRecords from './call-records';
import * as fragment from './fragment';
import * as spanRows from './span-rows';
import * as streams from './streams';
import * as trace from '../../trace/wasm/trace';

export { setSeed } from '../../trace/wasm/span-index';
export { getFault, getStoppedAt, readSpans } from './span-rows';
export { BASES, clear, COUNTS, layStreams, NAME_BYTES, NAMES, POSITIONS, TRACE_ID } from './streams';

/** Begins a fragment whose spans have so many bytes: gives where they are to be put. Of `seq` the halves. */
export function begin(
  bytes: usize,
  partition: u32,
  seqLo: u32,
  seqHi: u32,
  storedAtS: u32,
): usize {
  spanRows.setPlace(partition, ((<u64>seqHi) << 32) | (<u64>seqLo), storedAtS);
  return fragment.begin(bytes);
}

/** Writes the fragment's row and its calls. */
export function finish(
  reason: u32,
  late: u32,
  openedAtS: u32,
  closedAtS: u32,
  duplicateCount: u32,
  deadLetteredCount: u32,
): void {
  fragment.write(reason, late, openedAtS, closedAtS, duplicateCount, deadLetteredCount);
  callRecords.write(1);
}

/** Writes what the analysis of the spans gives, and their calls, but nothing of the fragment itself. */
export function amend(): void {
  streams.beginFragment();
  analysis.write(fragment.hasErrors());
  callRecords.write(1);
}

/** Takes the calls of the spans out again, instead of writing anything. */
export function takeCalls(): void {
  trace.analyze();
  callRecords.write(-1);
}
