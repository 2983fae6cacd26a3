// What the analysis of a fragment's spans writes to `trace_fragments`, and likewise of a whole trace's to
// `trace_amendments`.
import { Stream } from '../src/stage-layout';
import { f64At, i32At, setF64, setI32 } from '../../trace/wasm/columns';
import * as errorOrigin from '../../trace/wasm/error-origin';
import * as path from '../../trace/wasm/path';
import * as skew from '../../trace/wasm/skew';
import * as spans from '../../trace/wasm/spans';
import * as trace from '../../trace/wasm/trace';
import * as tree from '../../trace/wasm/tree';
import * as fragment from './fragment';
import * as streams from './streams';
import { areSame } from './texts';

/** Operations of the critical path, and edges with skew, that are written; of the path the first from the root. */
const ITEMS_MAX: i32 = 256;

// The operations of the critical path: a span that has the name, and the time.
let operationSpans: usize = 0;
let operationNanos: usize = 0;
let operations: i32 = 0;

/** Lays the operations out from `at` on; gives the place after them. */
export function lay(at: usize): usize {
  operationNanos = at;
  operationSpans = operationNanos + <usize>ITEMS_MAX * sizeof<f64>();
  return operationSpans + <usize>ITEMS_MAX * sizeof<i32>();
}

/** Analyses the spans that were read, and writes a row. */
export function write(hasErrors: bool): void {
  trace.analyze();
  streams.uint32(Stream.depth, tree.depthMax);
  streams.uint32(Stream.rootCount, tree.rootCount);
  streams.uint32(Stream.orphanCount, tree.orphanCount);
  streams.uint32(Stream.missingParentCount, tree.missingParentCount);
  streams.uint32(Stream.connectedCount, tree.connectedCount);
  writeErrorOrigin(hasErrors);
  writePath();
  writeSkew();
}

function writeErrorOrigin(hasErrors: bool): void {
  if (!hasErrors) {
    streams.empty(Stream.errorOriginSpanId);
    streams.empty(Stream.errorOriginService);
    streams.empty(Stream.errorOriginName);
    return;
  }
  const origin = errorOrigin.find();
  fragment.writeId(Stream.errorOriginSpanId, origin);
  fragment.writeService(Stream.errorOriginService, origin);
  fragment.writeName(Stream.errorOriginName, origin);
}

function writePath(): void {
  gatherOperations();
  streams.end(Stream.pathServiceEnds, operations);
  streams.end(Stream.pathNameEnds, operations);
  streams.end(Stream.pathNanoEnds, operations);
  streams.room(Stream.pathNano, <usize>operations * sizeof<u64>());
  for (let i = 0; i < operations; i++) {
    const span = i32At(operationSpans, i);
    fragment.writeService(Stream.pathServices, span);
    fragment.writeName(Stream.pathNames, span);
    streams.uint64(Stream.pathNano, <u64>f64At(operationNanos, i));
  }
}

/** Sums up what each operation has of the critical path. */
function gatherOperations(): void {
  operations = 0;
  for (let at = 0; at < path.spanCount; at++) {
    const span = path.spanAt(at);
    const nano = path.exclusive(span);
    if (nano <= 0) continue;
    const which = operationOf(span);
    if (which < ITEMS_MAX) setF64(operationNanos, which, f64At(operationNanos, which) + nano);
  }
}

/** The operation that a span is of, begun if there is room for it; else {@link ITEMS_MAX}. */
function operationOf(span: i32): i32 {
  for (let i = 0; i < operations; i++) {
    if (areOneOperation(i32At(operationSpans, i), span)) return i;
  }
  if (operations == ITEMS_MAX) return ITEMS_MAX;
  setI32(operationSpans, operations, span);
  setF64(operationNanos, operations, 0);
  return operations++;
}

function areOneOperation(a: i32, b: i32): bool {
  const bytes = fragment.nameBytes(a);
  return (
    spans.service(a) == spans.service(b) &&
    fragment.nameBytes(b) == bytes &&
    areSame(fragment.name(a), fragment.name(b), bytes)
  );
}

function writeSkew(): void {
  const edges = min(skew.edgeCount, ITEMS_MAX);
  streams.end(Stream.skewSpanIdEnds, edges);
  streams.end(Stream.skewCallerEnds, edges);
  streams.end(Stream.skewCalleeEnds, edges);
  streams.end(Stream.skewNanoEnds, edges);
  streams.room(Stream.skewNano, <usize>edges * sizeof<i64>());
  for (let i = 0, left = edges; left > 0; i++) {
    if (!skew.isEdge(i)) continue;
    const caller = tree.parent(i);
    fragment.writeId(Stream.skewSpanIds, i);
    fragment.writeService(Stream.skewCallers, caller);
    fragment.writeService(Stream.skewCallees, i);
    streams.uint64(Stream.skewNano, <i64>(skew.offset(caller) - skew.offset(i)));
    left--;
  }
}
