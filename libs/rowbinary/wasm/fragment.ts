// What the spans of one fragment come to, and its row of `trace_fragments`.
import { Stream } from '../src/stage-layout';
import * as spans from '../../trace/wasm/spans';
import * as trace from '../../trace/wasm/trace';
import * as analysis from './analysis';
import * as services from './services';
import * as spanRows from './span-rows';
import * as streams from './streams';

/** The smallest span, without any text. */
const SPAN_BYTES_MIN: usize = 47;
/** What may be looked at behind the caller's bytes. */
const SLACK_BYTES: usize = 64;
const INT64_MAX: u64 = 0x7fff_ffff_ffff_ffff;

/** Where the caller's bytes end. */
export let inputEnd: usize = 0;

// Where texts of each span are: a word each.
const TEXT_WORDS: usize = 6;
let texts: usize = 0;

let errors: u32 = 0;
let first: u64 = 0;
let last: u64 = 0;
let root: i32 = -1;
let rootStart: u64 = 0;
let rootDuration: u64 = 0;
let hasRoot: bool = false;

/** Begins a fragment whose spans have so many bytes; gives where they are to be put. */
export function begin(bytes: usize): usize {
  inputEnd = streams.inputAt + bytes;
  const capacity = bytes / SPAN_BYTES_MIN + 1;
  texts = analysis.lay(services.lay((inputEnd + SLACK_BYTES + 7) & ~7));
  streams.reachBehind(trace.lay(texts + capacity * TEXT_WORDS * sizeof<u32>(), capacity));
  errors = 0;
  first = last = 0;
  root = -1;
  hasRoot = false;
  return streams.inputAt;
}

/** Says where the texts of the span are that {@link add} adds next. */
@inline
export function setTexts(
  spanAt: usize,
  service: usize,
  serviceBytes: usize,
  name: usize,
  nameBytes: usize,
  attributesAt: usize,
): void {
  const at = textsOf(spans.count);
  store<u32>(at, <u32>spanAt);
  store<u32>(at, <u32>service, 4);
  store<u32>(at, <u32>serviceBytes, 8);
  store<u32>(at, <u32>name, 12);
  store<u32>(at, <u32>nameBytes, 16);
  store<u32>(at, <u32>attributesAt, 20);
}

/** Adds a span: see spans.add. */
@inline
export function add(
  id: u64,
  parent: u64,
  start: u64,
  duration: u64,
  kind: i32,
  status: i32,
): void {
  const i = spans.count;
  const at = textsOf(i);
  const hasFailed = status == spans.STATUS_ERROR;
  if (hasFailed) errors++;
  const service = services.add(load<u32>(at, 4), load<u32>(at, 8), hasFailed);
  spans.add(id, parent, start, duration, kind, status, service);
  // An end that is later than DateTime64(9) can say is the latest that it can.
  const end = min(start + duration, INT64_MAX);
  if (i == 0 || start < first) first = start;
  if (i == 0 || end > last) last = end;
  if (isBetterRoot(parent == 0, start)) {
    root = i;
    hasRoot = parent == 0;
    rootStart = start;
    rootDuration = duration;
  }
}

/** A root before any other span, and of those the earliest. */
@inline
function isBetterRoot(isRoot: bool, start: u64): bool {
  if (root < 0) return true;
  return isRoot == hasRoot ? start < rootStart : isRoot;
}

/** Whether any span failed. */
export function hasErrors(): bool {
  return errors > 0;
}

@inline
function textsOf(i: i32): usize {
  return texts + <usize>i * (TEXT_WORDS * sizeof<u32>());
}

/** Where a span's own attributes begin. */
@inline
export function attributes(i: i32): usize {
  return load<u32>(textsOf(i), 20);
}

export function writeId(stream: Stream, i: i32): void {
  streams.room(stream, 17);
  streams.hex(stream, load<u32>(textsOf(i)) + 16, 8);
}

export function writeService(stream: Stream, i: i32): void {
  streams.textOf(stream, load<u32>(textsOf(i), 4), load<u32>(textsOf(i), 8));
}

@inline
export function name(i: i32): usize {
  return load<u32>(textsOf(i), 12);
}

@inline
export function nameBytes(i: i32): usize {
  return load<u32>(textsOf(i), 16);
}

export function writeName(stream: Stream, i: i32): void {
  streams.textOf(stream, name(i), nameBytes(i));
}

/** Writes the fragment's row, its trace id where the caller put it. Numbers as the columns have them. */
export function write(
  reason: u32,
  late: u32,
  openedAt: u32,
  closedAt: u32,
  duplicateCount: u32,
  deadLetteredCount: u32,
): void {
  streams.beginFragment();
  streams.hex(Stream.fragmentTraceId, streams.TRACE_ID, 16);
  streams.uint16(Stream.fragmentPartition, spanRows.partition);
  streams.uint64(Stream.fragmentSeq, spanRows.seq);
  streams.uint8(Stream.reason, reason);
  streams.uint8(Stream.late, late);
  streams.uint32(Stream.openedAt, openedAt);
  streams.uint32(Stream.closedAt, closedAt);
  streams.uint32(Stream.spanCount, spans.count);
  streams.uint32(Stream.duplicateCount, duplicateCount);
  streams.uint32(Stream.deadLetteredCount, deadLetteredCount);
  streams.uint64(Stream.fragmentStart, first);
  streams.uint64(Stream.fragmentEnd, last);
  streams.uint32(Stream.errorCount, errors);
  writeRoot();
  writeServices();
  analysis.write(hasErrors());
}

function writeRoot(): void {
  streams.uint8(Stream.hasRoot, hasRoot ? 1 : 0);
  if (root < 0) {
    streams.empty(Stream.rootSpanId);
    streams.empty(Stream.rootService);
    streams.empty(Stream.rootName);
  } else {
    writeId(Stream.rootSpanId, root);
    writeService(Stream.rootService, root);
    writeName(Stream.rootName, root);
  }
  streams.uint64(Stream.rootStart, root < 0 ? 0 : rootStart);
  streams.uint64(Stream.rootDuration, root < 0 ? 0 : rootDuration);
}

function writeServices(): void {
  const count = services.count;
  streams.end(Stream.serviceEnds, count);
  streams.end(Stream.serviceSpanEnds, count);
  streams.end(Stream.serviceErrorEnds, count);
  streams.room(Stream.serviceSpans, <usize>count * sizeof<u32>());
  streams.room(Stream.serviceErrors, <usize>count * sizeof<u32>());
  for (let i = 0; i < count; i++) {
    streams.textOf(Stream.services, services.name(i), services.nameBytes(i));
    streams.uint32(Stream.serviceSpans, services.spans(i));
    streams.uint32(Stream.serviceErrors, services.errors(i));
  }
}
