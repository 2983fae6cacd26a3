// Turns spans in canonical Avro bytes into the values of `otel_traces` by column, as ClickHouse's Native format has them.
import { SpanFact, SpanFault, SpanStream } from '../src/span-layout';
import * as source from './avro-source';
import * as streams from './streams';

export { BASES, clear, COUNTS, NAME_BYTES, NAMES, POSITIONS, reserve } from './streams';

const KINDS: u64 = 6;
const STATUS_CODES: u64 = 3;
/** Ids, parent, start and duration: what a span has at least before its texts. */
const HEAD_BYTES_MIN: usize = 34;

/** Where the first span begins that was not read; `end` after the last one. */
let stoppedAt: usize = 0;
/** Why the span there was not read. */
let fault: SpanFault = SpanFault.none;

export function getStoppedAt(): usize {
  return stoppedAt;
}

export function getFault(): SpanFault {
  return fault;
}

export function getFacts(): usize {
  return streams.facts;
}

/**
 * Reads spans up to `end`, or to the first that can't be read: that one leaves nothing in the streams.
 * @param shift what makes of an address here an offset of the caller's
 * @param partition values of our own columns; of `seq` the halves
 * @returns how many spans were read
 */
export function readSpans(
  start: usize,
  end: usize,
  shift: i32,
  partition: u32,
  seqLo: u32,
  seqHi: u32,
  storedAt: u32,
): i32 {
  const seq = ((<u64>seqHi) << 32) | (<u64>seqLo);
  let fact = streams.facts;
  let count = 0;
  stoppedAt = start;
  fault = SpanFault.none;
  source.open(start, end);
  while (source.at < end) {
    streams.mark();
    fault = readSpan(fact, shift);
    if (fault != SpanFault.none) {
      if (source.broken) fault = SpanFault.malformed;
      streams.undo();
      break;
    }
    streams.uint16(SpanStream.partition, partition);
    streams.uint64(SpanStream.seq, seq);
    streams.uint32(SpanStream.storedAt, storedAt);
    stoppedAt = source.at;
    fact += SpanFact.count * sizeof<i32>();
    count++;
  }
  return count;
}

@inline
function tell(facts: usize, which: SpanFact, value: i32): void {
  store<i32>(facts + <usize>which * sizeof<i32>(), value);
}

function readSpan(facts: usize, shift: i32): SpanFault {
  const at = source.at;
  if (source.end - at < HEAD_BYTES_MIN) return SpanFault.malformed;
  const parent = load<u64>(at, 24);
  streams.hex(SpanStream.traceId, at, 16);
  streams.hex(SpanStream.spanId, at + 16, 8);
  if (parent == 0) streams.empty(SpanStream.parentSpanId);
  else streams.hex(SpanStream.parentSpanId, at + 24, 8);
  source.moveTo(at + 32);
  const start = source.long();
  const duration = source.long();
  if (start < 0) return SpanFault.start;
  if (duration < 0) return SpanFault.duration;
  streams.uint64(SpanStream.start, start);
  streams.uint64(SpanStream.duration, duration);
  const kind = <u64>source.long();
  if (kind >= KINDS) return SpanFault.kind;
  streams.name(SpanStream.kind, <usize>kind);
  const status = <u64>source.long();
  if (status >= STATUS_CODES) return SpanFault.status;
  streams.name(SpanStream.status, <usize>(KINDS + status));
  tell(facts, SpanFact.spanIdAt, <i32>at + 16 + shift);
  tell(facts, SpanFact.hasParent, parent == 0 ? 0 : 1);
  store<i64>(facts + SpanFact.startLo * sizeof<i32>(), start);
  store<i64>(facts + SpanFact.durationLo * sizeof<i32>(), duration);
  tell(facts, SpanFact.kind, <i32>kind);
  tell(facts, SpanFact.statusCode, <i32>status);
  readRest(facts, shift);
  return source.broken ? SpanFault.malformed : SpanFault.none;
}

function readRest(facts: usize, shift: i32): void {
  const serviceBytes = streams.text(SpanStream.service);
  tell(facts, SpanFact.serviceStart, <i32>(source.at - serviceBytes) + shift);
  tell(facts, SpanFact.serviceEnd, <i32>source.at + shift);
  const nameBytes = streams.text(SpanStream.name);
  tell(facts, SpanFact.nameStart, <i32>(source.at - nameBytes) + shift);
  tell(facts, SpanFact.nameEnd, <i32>source.at + shift);
  streams.text(SpanStream.traceState);
  streams.uint32(SpanStream.flags, <u32>source.long());
  streams.text(SpanStream.statusMessage);
  streams.text(SpanStream.scopeName);
  streams.text(SpanStream.scopeVersion);
  streams.map(SpanStream.resourceEnds);
  tell(facts, SpanFact.attributesAt, <i32>source.at + shift);
  streams.map(SpanStream.attributeEnds);
  tell(facts, SpanFact.attributesEnd, <i32>source.at + shift);
  readEvents();
  readLinks();
}

function readEvents(): void {
  let items: u64 = 0;
  for (let count = source.blockCount(); count > 0; count = source.blockCount()) {
    items += count;
    for (let left = count; left > 0 && !source.broken; left--) {
      streams.uint64(SpanStream.eventTimes, source.long());
      streams.text(SpanStream.eventNames);
      streams.map(SpanStream.eventAttributeEnds);
    }
  }
  streams.end(SpanStream.eventEnds, items);
}

/** Trace and span id of a link. */
const LINK_IDS_BYTES: usize = 24;

function readLinks(): void {
  let items: u64 = 0;
  for (let count = source.blockCount(); count > 0; count = source.blockCount()) {
    items += count;
    for (let left = count; left > 0 && !source.broken; left--) {
      const at = source.at;
      if (source.end - at < LINK_IDS_BYTES) {
        source.breakOff();
        break;
      }
      streams.hex(SpanStream.linkTraceIds, at, 16);
      streams.hex(SpanStream.linkSpanIds, at + 16, 8);
      source.moveTo(at + LINK_IDS_BYTES);
      streams.text(SpanStream.linkStates);
      streams.map(SpanStream.linkAttributeEnds);
    }
  }
  streams.end(SpanStream.linkEnds, items);
}
