// Turns spans in canonical Avro bytes into the values of `otel_traces` by column, as ClickHouse's Native format has them,
// and tells the fragment what it is to know of them.
import { Name, SpanFault, Stream } from '../src/stage-layout';
import * as source from './avro-source';
import * as fragment from './fragment';
import * as streams from './streams';

const KINDS: u64 = Name.statuses - Name.kinds;
const STATUSES: u64 = Name.otherServices - Name.statuses;
/** Ids, parent, start and duration: what a span has at least before its texts. */
const HEAD_BYTES_MIN: usize = 34;

/** Where the first span begins that was not read; the end after the last one. */
let stoppedAt: usize = 0;
/** Why the span there was not read. */
let fault: SpanFault = SpanFault.none;

export function getStoppedAt(): usize {
  return stoppedAt;
}

export function getFault(): SpanFault {
  return fault;
}

// What is the same for all spans of a fragment.
export let partition: u32 = 0;
export let seq: u64 = 0;
let storedAt: u32 = 0;

/** Sets the values of our own columns for the spans that follow. */
export function setPlace(partitionOf: u32, seqOf: u64, storedAtS: u32): void {
  partition = partitionOf;
  seq = seqOf;
  storedAt = storedAtS;
}

/**
 * Reads spans up to `end`, or to the first that can't be read: that one leaves nothing in the streams.
 * @returns how many spans were read
 */
export function readSpans(start: usize, end: usize): i32 {
  let count = 0;
  stoppedAt = start;
  fault = SpanFault.none;
  while (stoppedAt < end) {
    streams.mark();
    source.open(stoppedAt, min(end, stoppedAt + streams.SPAN_BYTES_MAX));
    fault = readSpan();
    if (source.broken) fault = SpanFault.malformed;
    if (fault != SpanFault.none) {
      streams.undo();
      break;
    }
    streams.uint16(Stream.partition, partition);
    streams.uint64(Stream.seq, seq);
    streams.uint32(Stream.storedAt, storedAt);
    streams.keep(source.at - stoppedAt);
    stoppedAt = source.at;
    count++;
  }
  return count;
}

function readSpan(): SpanFault {
  const at = source.at;
  if (source.end - at < HEAD_BYTES_MIN) return SpanFault.malformed;
  const parent = load<u64>(at, 24);
  streams.hex(Stream.traceId, at, 16);
  streams.hex(Stream.spanId, at + 16, 8);
  if (parent == 0) streams.empty(Stream.parentSpanId);
  else streams.hex(Stream.parentSpanId, at + 24, 8);
  source.moveTo(at + 32);
  const start = source.long();
  const duration = source.long();
  if (start < 0) return SpanFault.start;
  if (duration < 0) return SpanFault.duration;
  streams.uint64(Stream.start, start);
  streams.uint64(Stream.duration, duration);
  const kind = <u64>source.long();
  if (kind >= KINDS) return SpanFault.kind;
  streams.name(Stream.kind, <usize>kind);
  const status = <u64>source.long();
  if (status >= STATUSES) return SpanFault.status;
  streams.name(Stream.status, <usize>(Name.statuses + status));
  const serviceBytes = streams.text(Stream.service);
  const service = source.at - serviceBytes;
  const nameBytes = streams.text(Stream.name);
  const name = source.at - nameBytes;
  const attributes = readRest();
  if (!source.broken) {
    fragment.setTexts(at, service, serviceBytes, name, nameBytes, attributes);
    fragment.add(load<u64>(at, 16), parent, start, duration, <i32>kind, <i32>status);
  }
  return SpanFault.none;
}

/** Gives where the span's own attributes begin. */
function readRest(): usize {
  streams.text(Stream.traceState);
  streams.uint32(Stream.flags, <u32>source.long());
  streams.text(Stream.statusMessage);
  streams.text(Stream.scopeName);
  streams.text(Stream.scopeVersion);
  streams.map(Stream.resourceEnds);
  const attributes = source.at;
  streams.map(Stream.attributeEnds);
  readEvents();
  readLinks();
  return attributes;
}

function readEvents(): void {
  let items: u64 = 0;
  for (let count = source.blockCount(); count > 0; count = source.blockCount()) {
    items += count;
    for (let left = count; left > 0 && !source.broken; left--) {
      streams.uint64(Stream.eventTimes, source.long());
      streams.text(Stream.eventNames);
      streams.map(Stream.eventAttributeEnds);
    }
  }
  streams.end(Stream.eventEnds, items);
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
      streams.hex(Stream.linkTraceIds, at, 16);
      streams.hex(Stream.linkSpanIds, at + 16, 8);
      source.moveTo(at + LINK_IDS_BYTES);
      streams.text(Stream.linkStates);
      streams.map(Stream.linkAttributeEnds);
    }
  }
  streams.end(Stream.linkEnds, items);
}
