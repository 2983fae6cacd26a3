// The calls between services that a trace shows: see ../src/calls.ts, whose rules these are.
import { i32At, setI32, setU8, u8At } from './columns';
import * as spans from './spans';
import * as tree from './tree';

/** Spans of time in which calls are gathered, s. */
const PANE_S: u32 = 60;
/** The last second that a ClickHouse DateTime can say: what ended later is in the last pane. */
const DATE_TIME_MAX: f64 = 0xffffffff;

export let count: i32 = 0;

let callers: usize = 0;
let callees: usize = 0;
let paired: usize = 0;

/** Lays the columns out from `at` on, with room for `capacity` spans; gives the place after them. */
export function lay(at: usize, capacity: usize): usize {
  // A span is callee of one call at most, and caller without a callee of one more.
  callers = at;
  callees = callers + capacity * 8;
  paired = callees + capacity * 8;
  return (paired + capacity + 7) & ~7;
}

/** The calling span, or -1. */
@inline
export function caller(call: i32): i32 {
  return i32At(callers, call);
}

/** The called span, or -1. */
@inline
export function callee(call: i32): i32 {
  return i32At(callees, call);
}

/** The span at which a call is counted. */
@inline
export function spanOf(call: i32): i32 {
  return callee(call) >= 0 ? callee(call) : caller(call);
}

export function build(): void {
  count = 0;
  memory.fill(paired, 0, <usize>spans.count);
  for (let i = 0; i < spans.count; i++) addCallee(i);
  for (let i = 0; i < spans.count; i++) {
    if (spans.isExit(i) && u8At(paired, i) == 0) add(i, -1);
  }
}

function addCallee(i: i32): void {
  const p = tree.parent(i);
  if (p < 0) {
    const isCalled = spans.parentId(i) != 0 || spans.kind(i) == spans.KIND_CONSUMER;
    if (spans.isEntry(i) && isCalled) add(-1, i);
    return;
  }
  const exits = spans.isExit(p);
  if (spans.service(p) != spans.service(i) || (exits && spans.isEntry(i))) {
    setU8(paired, p, 1);
    add(p, i);
  } else if (exits && spans.isExit(i)) {
    setU8(paired, p, 1);
  }
}

@inline
function add(from: i32, to: i32): void {
  setI32(callers, count, from);
  setI32(callees, count, to);
  count++;
}

/** Whether either side of a call failed. */
export function hasFailed(call: i32): bool {
  const from = caller(call);
  const to = callee(call);
  return (from >= 0 && spans.hasFailed(from)) || (to >= 0 && spans.hasFailed(to));
}

/** Whether a call went through a queue: by its kinds, as far as they say. */
export function isMessage(call: i32): bool {
  const from = caller(call);
  const to = callee(call);
  return (
    (from >= 0 && spans.kind(from) == spans.KIND_PRODUCER) ||
    (to >= 0 && spans.kind(to) == spans.KIND_CONSUMER)
  );
}

/** Start of the minute in which a call's span ended, s since 1970. */
export function paneS(call: i32): u32 {
  const i = spanOf(call);
  const endS = <u32>Math.min(DATE_TIME_MAX, spans.unixSecond(spans.start(i) + spans.duration(i)));
  return endS - (endS % PANE_S);
}
